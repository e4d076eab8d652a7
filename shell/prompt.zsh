# delta_learn: the suggestion at the prompt, read by delta.zsh, whose rules hold here too: builtins only, nothing is waited for.
# shell/README.md says what goes over the socket and which keys there are.

# The connection: descriptor, what came of an answer that is not whole, number of the last request and of the one that is not
# answered yet (0: none), and what it asked about. How many connections in a row brought no answer, when to try again, after
# what pause the next time, and when to start a server again.
typeset -gi _delta_socket=-1 _delta_request=0 _delta_unanswered=0
typeset -gi _delta_silent=1 _delta_next_connect=0 _delta_connect_pause=5 _delta_next_serve=0
typeset -g _delta_received= _delta_asked= _delta_model=
# What is suggested, best first; for which line; which of it is shown, whether the person asked for it, and what stands there.
typeset -ga _delta_texts _delta_marks _delta_probabilities _delta_sources
typeset -g _delta_answered= _delta_ghost= _delta_region= _delta_armed= _delta_seen= _delta_hidden=
typeset -gi _delta_choice=1 _delta_chosen=0 _delta_editing=0 _delta_bound=0
# What became of suggestions on this line: the first that was visible, the one that was taken, what keys it saved.
typeset -g _delta_suggestion= _delta_suggestion_after= _delta_before= _delta_taken= _delta_first=
typeset -ga _delta_facts
typeset -gi _delta_typed=0 _delta_saved=0 _delta_whole=0 _delta_trapping=0

# Called by the precmd hook, before the theme draws the prompt: the server has time until then.
_delta_prompt_begins() {
  builtin emulate -L zsh
  [[ ${DELTA_PROMPT-} == off ]] && return
  _delta_hook_editor
  _delta_trap_ends
  _delta_forget_line
  _delta_disconnect
  _delta_connect && _delta_ask P "$PWD"
}

_delta_forget_line() {
  builtin emulate -L zsh
  _delta_texts=() _delta_marks=() _delta_probabilities=() _delta_sources=() _delta_facts=()
  _delta_ghost= _delta_region= _delta_armed= _delta_seen= _delta_hidden= _delta_taken= _delta_first= _delta_asked=
  _delta_answered= _delta_choice=1 _delta_chosen=0 _delta_typed=0 _delta_saved=0 _delta_whole=0
}

# True with a connection: a new one for each prompt, since programs would inherit it. Connecting to a server that is stopped
# would wait once 64 have tried in vain, so after three of them it is tried less and less often.
_delta_connect() {
  builtin emulate -L zsh
  local address= REPLY=
  local -i fd
  if (( _delta_silent > 3 )); then
    (( EPOCHSECONDS < _delta_next_connect )) && return 1
    (( _delta_next_connect = EPOCHSECONDS + _delta_connect_pause ))
    (( _delta_connect_pause = _delta_connect_pause < 30 ? 2 * _delta_connect_pause : 60 ))
    _delta_serve  # it takes the place of one that does not answer
  fi
  { IFS= builtin read -r address <$_delta_state/run/address } 2>/dev/null
  # A number above 9 that is free: those below are the person's. A redirection of zsocket alone would take it.
  { exec {fd}</dev/null; exec {fd}<&-; [[ $address == /* ]] && zsocket -d $fd "$address" } 2>/dev/null
  if (( $? )); then
    _delta_serve
    return 1
  fi
  _delta_socket=$fd _delta_received=
  (( ++_delta_silent ))
  _delta_send H "$_delta_session" "zsh $ZSH_VERSION" $$ || return 1
  zle -Fw $_delta_socket _delta_answer 2>/dev/null
}

_delta_disconnect() {
  builtin emulate -L zsh
  (( _delta_socket >= 0 )) || return 0
  zle -F $_delta_socket 2>/dev/null
  exec {_delta_socket}>&-
  _delta_socket=-1 _delta_unanswered=0
}

# Starts the server, which nobody waits for; where one answers already it leaves.
_delta_serve() {
  builtin emulate -L zsh
  (( EPOCHSECONDS < _delta_next_serve )) && return
  (( _delta_next_serve = EPOCHSECONDS + 30 ))
  _delta_background delta_learn.serving.daemon
}

_delta_send() {
  builtin emulate -L zsh
  local REPLY=
  _delta_record "$@"
  syswrite -o $_delta_socket -- $REPLY 2>/dev/null || { _delta_disconnect; return 1 }
}

# One request at a time is under way: a server that hangs is never written to twice.
_delta_ask() {
  builtin emulate -L zsh
  (( _delta_socket >= 0 && ! _delta_unanswered )) || return 0
  (( ++_delta_request ))
  _delta_unanswered=$_delta_request
  _delta_asked=${3-}
  _delta_send $1 $_delta_request "$@[2,-1]"
}

# Reads what has come; true when the answer that was waited for is there.
_delta_receive() {
  builtin emulate -L zsh
  local chunk= frame=
  local -a fields
  local -i found=1
  while true; do
    sysread -i $1 -t 0 chunk 2>/dev/null
    case $? in
      0) _delta_received+=$chunk ;;
      4) break ;;  # nothing more for now
      *) _delta_disconnect; break ;;
    esac
    (( $#_delta_received > 262144 )) && { _delta_disconnect; break }
  done
  while [[ $_delta_received == *$'\n'* ]]; do
    frame=${_delta_received%%$'\n'*}
    _delta_received=${_delta_received#*$'\n'}
    [[ $frame == $'\x1e1'[A-Z]* ]] || { _delta_disconnect; break }
    fields=("${(@ps:\0:)frame[4,-1]}")
    case $frame[3] in
      H) _delta_model=${fields[2]-} _delta_silent=0 _delta_connect_pause=5 ;;
      A) [[ $fields[1] == $_delta_unanswered ]] && { _delta_take_answer "$fields[@]"; found=0 } ;;
    esac
  done
  return found
}

_delta_take_answer() {
  builtin emulate -L zsh -o extended_glob
  local text= rs=$'\x1e' lf=$'\n'
  _delta_unanswered=0 _delta_choice=1 _delta_chosen=0 _delta_answered=$_delta_asked
  _delta_texts=() _delta_marks=() _delta_probabilities=() _delta_sources=()
  shift 2
  while (( $# >= 4 )); do
    text=${1//${rs}n/$lf}
    text=${text//[$'\x01'-$'\x08\x0b'-$'\x1f\x7f']/}  # it is data: nothing in it may move the cursor
    if [[ -n $text ]]; then
      _delta_texts+=("$text") _delta_marks+=("-$2") _delta_probabilities+=("$3") _delta_sources+=("$4")
    fi
    shift 4
  done
}

# Called by zle when something has come.
_delta_answer() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_receive $1 || return 0
  (( _delta_editing )) || return 0
  _delta_draw
  [[ $BUFFER == "$_delta_answered" ]] || _delta_ask_on  # it was typed on
  zle -R
}

# Whether a suggestion may stand behind the line now.
_delta_may_show() {
  builtin emulate -L zsh
  (( _delta_editing && CURSOR == $#BUFFER && ! PENDING && ! KEYS_QUEUED_COUNT )) || return 1
  [[ -z $PREBUFFER && $BUFFER != [[:space:]]* && $KEYMAP != (vicmd|visual|viopp|isearch|menuselect|listscroll) ]] || return 1
  [[ $_delta_pausing == 0 && ${DELTA_PROMPT-} != off && $#BUFFER -lt 2000 ]] || return 1
  # What is typed zsh-autosuggestions completes, with our strategy.
  [[ -z $BUFFER ]] || (( ! ${+functions[_zsh_autosuggest_fetch]} ))
}

# Before each redraw. What is shown follows what is typed at once; the server is asked for better.
_delta_follow() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  (( _delta_editing )) || return 0
  local now=$CURSOR:$BUFFER
  if [[ $now == "$_delta_seen" ]]; then
    [[ -z $_delta_ghost ]] || _delta_highlight  # others may have thrown it away
    return 0
  fi
  _delta_seen=$now _delta_armed=
  [[ $BUFFER == "$_delta_hidden" ]] || _delta_hidden=
  case $LASTWIDGET in
    *history*|*up-line*|*down-line*|undo|redo|*isearch*) _delta_hidden=$BUFFER ;;  # not typed: what stands there is meant
  esac
  _delta_draw
  [[ $BUFFER == "$_delta_answered" ]] || _delta_ask_on
}

_delta_ask_on() {
  builtin emulate -L zsh
  [[ -n $_delta_hidden ]] || ! _delta_may_show || _delta_ask Q "$PWD" "$BUFFER"
  return 0
}

# Shows the best that goes on from the line, or nothing.
_delta_draw() {
  builtin emulate -L zsh
  local text=
  local -i place=0
  if _delta_may_show && [[ -z $BUFFER || $BUFFER != "$_delta_hidden" ]]; then
    if (( _delta_chosen )); then
      place=$_delta_choice
    else
      for (( place = 1; place <= $#_delta_texts; ++place )); do
        [[ $_delta_marks[place] == *s* && $_delta_texts[place] == "$BUFFER"?* ]] && break
      done
    fi
    text=${_delta_texts[place]-}
    [[ $text == "$BUFFER"?* ]] || text=
  fi
  if [[ -n $text ]]; then
    _delta_choice=place
    _delta_show "$text"
  else
    _delta_hide
  fi
}

_delta_show() {
  builtin emulate -L zsh
  _delta_trap_begins
  _delta_ghost=$1
  POSTDISPLAY=${1#"$BUFFER"}
  _delta_highlight
  _delta_note_shown
}

_delta_hide() {
  builtin emulate -L zsh
  [[ -n $_delta_ghost ]] || return 0
  _delta_ghost= POSTDISPLAY=
  _delta_highlight
}

# Our entry of region_highlight, and no other.
_delta_highlight() {
  builtin emulate -L zsh
  local style=${DELTA_HIGHLIGHT_STYLE:-fg=8}
  [[ -z $_delta_region ]] || region_highlight=("${(@)region_highlight:#$_delta_region}")
  _delta_region=
  [[ -n $_delta_ghost ]] || return 0
  [[ -z $_delta_armed ]] || style=${DELTA_ARMED_STYLE:-fg=red}
  _delta_region="$#BUFFER $(( $#BUFFER + $#POSTDISPLAY )) $style"
  region_highlight+=("$_delta_region")
  _delta_region=$region_highlight[-1]
}

# Ctrl-C draws the line no more, so that the ghost would stay in the scrollback: while one is shown a trap takes it away. Where
# the person has a trap of their own it stays, and so does the ghost.
_delta_trap_begins() {
  builtin emulate -L zsh
  setopt no_local_traps
  (( _delta_trapping )) && return
  _delta_trapping=2
  (( ${+functions[TRAPINT]} )) && return
  { builtin trap >|$_delta_state/spool/$_delta_session.text } 2>/dev/null
  [[ $(<$_delta_state/spool/$_delta_session.text) == *' INT'* ]] && return
  _delta_trapping=1
  TRAPINT() { zle && zle _delta_clear; return $(( 128 + $1 )) }
}

_delta_trap_ends() {
  builtin emulate -L zsh
  setopt no_local_traps
  (( _delta_trapping == 1 )) && [[ ${functions[TRAPINT]-} == *_delta_clear* ]] && builtin unfunction TRAPINT
  _delta_trapping=0
}

_delta_clear() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
  zle -R
}

# The editor begins with a line, goes on with it, or has finished it.
_delta_line_init() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  [[ $CONTEXT == start ]] || { _delta_editing=0; return 0 }
  _delta_editing=1
  (( _delta_bound )) || _delta_bind_keys
  (( _delta_unanswered )) && _delta_receive $_delta_socket
  _delta_seen=
  _delta_draw
  return 0
}

_delta_line_finish() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
  _delta_editing=0
  _delta_trap_ends
  return 0
}

_delta_isearch() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
}

# What was visible, for the feedback: the first suggestion of a line, and the last.
_delta_note_shown() {
  builtin emulate -L zsh
  local -a facts
  facts=($#BUFFER $_delta_probabilities[_delta_choice] $_delta_sources[_delta_choice])
  _delta_suggestion=$_delta_ghost _delta_suggestion_after=$_delta_before
  [[ -n $_delta_first ]] && return
  _delta_first=$_delta_ghost _delta_facts=($facts)
}

# $1: what is inserted of the ghost; $2: 1 if that is all of it.
_delta_insert() {
  builtin emulate -L zsh
  if [[ -z $_delta_taken ]]; then
    _delta_facts=($#BUFFER $_delta_probabilities[_delta_choice] $_delta_sources[_delta_choice])
    _delta_typed=$#BUFFER
  fi
  _delta_taken=$_delta_ghost
  (( _delta_saved += $#1 - 1, _delta_whole = $2 ))
  BUFFER+=$1
  CURSOR=$#BUFFER
}

# Whether one key may take $1 of what is shown: not all that is missing of a command that destroys.
_delta_may_take() {
  builtin emulate -L zsh
  [[ $_delta_marks[_delta_choice] == *d* && $BUFFER$1 == "$_delta_ghost" && $_delta_armed != "$_delta_ghost" ]] || return 0
  _delta_armed=$_delta_ghost
  _delta_highlight
  zle -M 'This cannot be undone: the same key again takes it.'
  return 1
}

# The widgets are called NAME:WHAT, where WHAT is what their key did before, and still does where nothing is suggested.
_delta_otherwise() {
  builtin emulate -L zsh
  [[ ${WIDGET#*:} == undefined-key ]] || zle "${WIDGET#*:}" -- "$@"
}

_delta_accept() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  [[ -n $_delta_ghost ]] || { _delta_otherwise "$@"; return }
  local rest=${_delta_ghost#"$BUFFER"}
  _delta_may_take "$rest" && _delta_insert "$rest" 1
  return 0
}

_delta_accept_word() {
  builtin emulate -L zsh -o extended_glob
  builtin trap - DEBUG ZERR
  [[ -n $_delta_ghost ]] || { _delta_otherwise "$@"; return }
  local rest=${_delta_ghost#"$BUFFER"} MATCH=
  local -i MBEGIN MEND
  : ${rest/(#m)(#s)[[:space:]]#[^[:space:]]##[[:space:]](#c0,1)/}
  _delta_take_part "${MATCH:-$rest}" "$rest"
}

_delta_accept_part() {
  builtin emulate -L zsh -o extended_glob
  builtin trap - DEBUG ZERR
  [[ -n $_delta_ghost ]] || { _delta_otherwise "$@"; return }
  local rest=${_delta_ghost#"$BUFFER"} MATCH=
  local -i MBEGIN MEND
  : ${rest/(#m)(#s)[[:space:]]#[^[:space:]\/=:,.@_-]#[\/=:,.@_-](#c0,1)[[:space:]](#c0,1)/}
  _delta_take_part "${MATCH:-$rest}" "$rest"
}

_delta_take_part() {
  builtin emulate -L zsh
  _delta_may_take "$1" || return 0
  if [[ $1 == "$2" ]]; then _delta_insert "$1" 1; else _delta_insert "$1" 0; fi
  return 0
}

_delta_cycle() {
  builtin emulate -L zsh
  local -i place=$_delta_choice tries=$#_delta_texts
  [[ -n $_delta_ghost ]] || place=$(( $1 > 0 ? 0 : 1 ))
  while (( tries-- )); do
    place=$(( (place + $1 - 1 + $#_delta_texts) % $#_delta_texts + 1 ))
    if [[ $_delta_texts[place] == "$BUFFER"?* ]]; then
      _delta_choice=$place _delta_chosen=1 _delta_hidden= _delta_armed=
      _delta_draw
      return 0
    fi
  done
  return 1
}

_delta_next() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_cycle 1 || [[ -n $_delta_ghost ]] || _delta_otherwise "$@"
}

_delta_previous() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_cycle -1 || [[ -n $_delta_ghost ]] || _delta_otherwise "$@"
}

_delta_never() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  [[ -n $_delta_ghost ]] || { _delta_otherwise "$@"; return }
  local line=$_delta_ghost
  _delta_texts=("${(@)_delta_texts:#$line}")
  _delta_hide
  _delta_unanswered=0  # what is under way would bring it again
  _delta_asked=
  _delta_ask N "$line"
  _delta_asked=
  return 0
}

# Menus draw the line by themselves, with what stood behind it before.
_delta_complete() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
  zle "${WIDGET#*:}" -- "$@"
}

# Takes the keys that are as zsh has them, in the keymaps in which people type. Once a shell, when all start files are read.
_delta_bind_keys() {
  builtin emulate -L zsh
  local map=
  local -A usual
  _delta_bound=1
  [[ ${DELTA_PROMPT-} == off ]] && return
  usual=('^[[C' forward-char '^[OC' forward-char '^E' end-of-line '^[f' forward-word '^[n' history-search-forward \
    '^[p' history-search-backward)
  for map in emacs viins; do
    _delta_bind $map _delta_accept DELTA_ACCEPT_KEYS '^[[C' '^[OC' '^[[F' '^[OF' '^[[4~' '^E'
    _delta_bind $map _delta_accept_word DELTA_WORD_KEYS '^[f'
    _delta_bind $map _delta_accept_part DELTA_PART_KEYS '^[[1;5C'
    _delta_bind $map _delta_next DELTA_NEXT_KEYS '^[n'
    _delta_bind $map _delta_previous DELTA_PREVIOUS_KEYS '^[p'
    _delta_bind $map _delta_never DELTA_NEVER_KEYS '^Xn'
    _delta_bind $map _delta_complete DELTA_COMPLETE_KEYS "^I"
  done
  if (( ${+functions[_zsh_autosuggest_fetch]} )) && [[ ${ZSH_AUTOSUGGEST_STRATEGY[(r)delta]-} != delta ]]; then
    functions[_zsh_autosuggest_strategy_delta]=$functions[_delta_strategy]
    ZSH_AUTOSUGGEST_STRATEGY=(delta $ZSH_AUTOSUGGEST_STRATEGY)
  fi
  return 0
}

# $1: keymap, $2: widget, $3: the variable with the keys that the person wants for it; where there is none, the other arguments
# are those that it gets if they are as zsh has them.
_delta_bind() {
  builtin emulate -L zsh
  local map=$1 widget=$2 wanted=${(P)+3} key= present= scratch=$_delta_state/spool/$_delta_session.text
  (( wanted )) && set -- 1 2 3 ${(P)=3}
  shift 3
  for key; do
    { builtin bindkey -M $map -- "$key" >|$scratch } 2>/dev/null || continue
    present=${"$(<$scratch)"##* }
    [[ $present == (\"*|_delta_*) ]] && continue  # a string that is typed, or ours
    [[ $wanted == 1 || $present == (undefined-key|${usual[$key]-}) || $key == "^I" ]] || continue
    zle -N "$widget:$present" $widget
    builtin bindkey -M $map -- "$key" "$widget:$present"
  done
  : >|$scratch
}

# A strategy for zsh-autosuggestions, which asks it in a process of its own: that needs a connection of its own.
_delta_strategy() {
  builtin emulate -L zsh
  typeset -g suggestion=
  local address= chunk= received= frame= REPLY=
  local -a fields
  local -i socket place
  local -F end
  { IFS= builtin read -r address <$_delta_state/run/address } 2>/dev/null
  [[ $_delta_pausing == 0 && $1 != [[:space:]]* && $address == /* ]] && zsocket "$address" 2>/dev/null || return 0
  socket=$REPLY
  _delta_record H "$_delta_session" "zsh $ZSH_VERSION" $$
  chunk=$REPLY
  _delta_record Q 1 "$PWD" "$1"
  syswrite -o $socket -- "$chunk$REPLY" 2>/dev/null
  (( end = EPOCHREALTIME + 0.1 ))
  while [[ $received != *$'\x1e1A'*$'\n'* ]] && (( EPOCHREALTIME < end )); do
    sysread -i $socket -t $(( end - EPOCHREALTIME )) chunk 2>/dev/null || break
    received+=$chunk
  done
  exec {socket}>&-
  [[ $received == *$'\x1e1A'*$'\n'* ]] || return 0
  frame=${${received#*$'\x1e1A'}%%$'\n'*}
  fields=("${(@ps:\0:)frame}")
  for (( place = 3; place + 3 <= $#fields; place += 4 )); do
    if [[ $fields[place+1] == *s* && $fields[place] == "$1"?* && $fields[place] != *$'\x1e'* ]]; then
      suggestion=${fields[place]//[$'\x01'-$'\x1f\x7f']/}
      return 0
    fi
  done
}

# Called after the start record of a line: what became of suggestions on it.
_delta_write_feedback() {
  builtin emulate -L zsh
  local event=overridden shown=${_delta_taken:-$_delta_first} REPLY=
  if [[ -n $shown ]] && (( $#shown <= 1000 )); then
    if [[ -n $_delta_taken ]]; then
      event=part
      [[ $_delta_whole == 1 && $1 == "$_delta_taken" ]] && event=accepted
    elif [[ $1 == "$_delta_first" ]]; then
      event=typed
    fi
    _delta_now
    _delta_write F $_delta_sequence $REPLY $event "$shown" $_delta_facts[1] $_delta_saved $_delta_facts[2] $_delta_facts[3] \
      "$_delta_model" "$_delta_before"
  fi
  _delta_before=$1
}

# The editor's hooks. Frameworks that make such a widget later take ours with it, so a look at each prompt.
_delta_hook_editor() {
  builtin emulate -L zsh
  local hook=
  for hook in line-init line-finish line-pre-redraw isearch-update; do
    [[ ${widgets[zle-$hook]-} == user:azhw:* ]] && continue
    builtin autoload -Uz add-zle-hook-widget
    case $hook in
      line-init) add-zle-hook-widget $hook _delta_line_init ;;
      line-finish) add-zle-hook-widget $hook _delta_line_finish ;;
      line-pre-redraw) add-zle-hook-widget $hook _delta_follow ;;
      isearch-update) add-zle-hook-widget $hook _delta_isearch ;;
    esac
  done 2>/dev/null
}

zle -N _delta_answer
zle -N _delta_clear
