# delta_learn: the connection to the server, read by delta.zsh, whose rules hold here too: builtins only, and nothing is waited
# for. delta_learn/serving/protocol.py says what goes over the socket. ghost.zsh draws what came, keys.zsh takes it,
# feedback.zsh writes down what became of it.

# The connection: descriptor, what came of a frame that is not whole, number of the last request and of the one that is not
# answered yet (0: none), and what it asked about. How many connections in a row brought no answer, when to try again, after
# what pause the next time, and when to start a server again.
typeset -gi _delta_socket=-1 _delta_request=0 _delta_unanswered=0
typeset -gi _delta_silent=1 _delta_next_connect=0 _delta_connect_pause=5 _delta_next_serve=0
typeset -g _delta_received= _delta_asked= _delta_model=
# What is suggested, best first, and for which line; which of it is shown, and whether the person asked for that one.
typeset -ga _delta_texts _delta_marks _delta_probabilities _delta_sources
typeset -g _delta_answered=
typeset -gi _delta_choice=1 _delta_chosen=0

# Called by the precmd hook, before the theme draws the prompt: the server has time until then.
_delta_prompt_begins() {
  builtin emulate -L zsh
  _delta_trap_ends
  _delta_prompt_ends
  _delta_forget_suggestions
  [[ ${DELTA_PROMPT-} != off ]] && (( ! _delta_pausing )) || return 0
  [[ -e $_delta_state/paused ]] && _delta_paused && return
  _delta_hook_editor
  (( ! ${+functions[_zsh_autosuggest_fetch]} || ${+functions[_zsh_autosuggest_strategy_delta]} )) || _delta_join_autosuggestions
  _delta_connect && _delta_ask P "$PWD"
}

# Called by the preexec hook too. Who presses Enter before an answer was read has a server all the same.
_delta_prompt_ends() {
  builtin emulate -L zsh
  (( _delta_socket < 0 || ! _delta_silent )) || _delta_receive $_delta_socket
  _delta_disconnect
}

_delta_forget_suggestions() {
  builtin emulate -L zsh
  _delta_texts=() _delta_marks=() _delta_probabilities=() _delta_sources=()
  _delta_answered= _delta_choice=1 _delta_chosen=0
}

# True with a connection: a new one for each prompt, since programs would inherit it. Connecting to a server that is stopped
# would wait once 64 have tried in vain, so after three of them it is tried less and less often.
_delta_connect() {
  builtin emulate -L zsh
  local address= REPLY=
  local -i fd
  if (( _delta_silent > 3 )); then
    # The second test is for a clock that was set back.
    (( EPOCHSECONDS < _delta_next_connect && EPOCHSECONDS > _delta_next_connect - 120 )) && return 1
    (( _delta_next_connect = EPOCHSECONDS + _delta_connect_pause ))
    (( _delta_connect_pause = _delta_connect_pause < 30 ? 2 * _delta_connect_pause : 60 ))
    _delta_serve  # it takes the place of one that does not answer
  fi
  { IFS= builtin read -r address <$_delta_state/run/address } 2>/dev/null
  # A number above 9 that is free: those below are the person's. A redirection of zsocket alone would take it.
  { exec {fd}</dev/null; exec {fd}<&-; [[ $address == /* && -O $address ]] && zsocket -d $fd "$address" } 2>/dev/null
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
  { exec {_delta_socket}>&- } 2>/dev/null  # the person may have closed it
  _delta_socket=-1 _delta_unanswered=0
}

# Starts the server, which nobody waits for; where one answers already it leaves.
_delta_serve() {
  builtin emulate -L zsh
  (( EPOCHSECONDS < _delta_next_serve && EPOCHSECONDS > _delta_next_serve - 60 )) && return
  (( _delta_next_serve = EPOCHSECONDS + 30 ))
  _delta_background delta_learn.serving.daemon
}

_delta_send() {
  builtin emulate -L zsh
  local REPLY=
  _delta_record "$@"
  syswrite -o $_delta_socket -- $REPLY 2>/dev/null || { _delta_disconnect; return 1 }
}

# One request at a time is under way: a server that hangs is never written to twice. False where there is no server.
_delta_ask() {
  builtin emulate -L zsh
  (( _delta_socket >= 0 )) || return
  (( ! _delta_unanswered )) || return 0
  (( ++_delta_request ))
  _delta_unanswered=$_delta_request
  _delta_asked=${3-}
  _delta_send $1 $_delta_request "$@[2,-1]"
}

# Reads what has come; true when the answer that was waited for is there.
_delta_receive() {
  builtin emulate -L zsh
  local chunk= frame=
  local -a frames fields
  local -i found=1
  while (( $#_delta_received < 65536 )); do
    sysread -i $1 -t 0 chunk 2>/dev/null
    case $? in
      0) _delta_received+=$chunk ;;
      4) break ;;  # nothing more for now
      *) _delta_disconnect; break ;;
    esac
  done
  frames=("${(@f)_delta_received}")
  _delta_received=$frames[-1]
  (( $#_delta_received < 65536 )) || _delta_disconnect
  for frame in "${(@)frames[1,-2]}"; do
    [[ $frame == $'\x1e1'[A-Z]* ]] || { _delta_disconnect; break }
    fields=("${(@ps:\0:)frame[4,-1]}")
    case $frame[3] in
      H) _delta_model=${fields[2]-} _delta_silent=0 _delta_connect_pause=5 ;;
      A) (( _delta_unanswered )) && [[ $fields[1] == $_delta_unanswered ]] && { _delta_take_answer "$fields[@]"; found=0 } ;;
    esac
  done
  return found
}

# $3 and on: text, marks, probability and source of each suggestion. An answer to an older line that does not suit the present
# one is dropped.
_delta_take_answer() {
  builtin emulate -L zsh
  local REPLY=
  local -a texts marks probabilities sources
  _delta_unanswered=0
  shift 2
  while (( $# >= 4 )); do
    _delta_clean "$1"
    # What is longer would fill the screen.
    if [[ -n $REPLY ]] && (( $#REPLY <= 1000 )); then
      texts+=("$REPLY") marks+=("-$2") probabilities+=("${3//[^0-9.]/}") sources+=("${4//[^a-z]/}")
    fi
    shift 4
  done
  [[ $_delta_asked == "$BUFFER" || -n ${(M)texts:#"$BUFFER"?*} ]] || return 0
  _delta_texts=("$texts[@]") _delta_marks=("$marks[@]") _delta_probabilities=("$probabilities[@]") _delta_sources=("$sources[@]")
  _delta_answered=$_delta_asked
  # What the person has chosen stays while it is there.
  _delta_choice=${_delta_texts[(Ie)$_delta_ghost]}
  (( _delta_choice )) || _delta_chosen=0
}

# REPLY: the field $1 as the line that it means. It is data: nothing in it may move the cursor.
_delta_clean() {
  builtin emulate -L zsh -o extended_glob
  local rs=$'\x1e'
  REPLY=${1//${rs}n/$'\n'}
  REPLY=${REPLY//${rs}[e0]/}
  REPLY=${REPLY//([[:cntrl:]]~[$'\t\n'])/}
}

# The strategy goes before the person's own, once.
_delta_join_autosuggestions() {
  builtin emulate -L zsh
  functions[_zsh_autosuggest_strategy_delta]=$functions[_delta_strategy]
  [[ " ${(j: :)ZSH_AUTOSUGGEST_STRATEGY-} " == *' delta '* ]] ||
    typeset -ga ZSH_AUTOSUGGEST_STRATEGY=(delta ${=ZSH_AUTOSUGGEST_STRATEGY-})
}

# A strategy for zsh-autosuggestions, which asks it in a process of its own: that needs a connection of its own. What destroys
# is not for it, since there one key takes it.
_delta_strategy() {
  builtin emulate -L zsh
  typeset -g suggestion=
  local address= received= REPLY=
  local -a fields
  local -i place
  (( ! _delta_pausing && _delta_silent < 2 )) && [[ ${DELTA_PROMPT-} != off && $1 != [[:space:]]* ]] || return 0
  { IFS= builtin read -r address <$_delta_state/run/address } 2>/dev/null
  [[ $address == /* && -O $address ]] || return 0
  _delta_ask_once "$address" "$1"
  if [[ $received != *$'\x1e1A'*$'\n'* ]]; then
    _delta_silent=2  # not again at this prompt, if this is no process of its own
    return 0
  fi
  fields=("${(@ps:\0:)${received#*$'\x1e1A'}%%$'\n'*}")
  for (( place = 3; place + 3 <= $#fields; place += 4 )); do
    _delta_clean "$fields[place]"
    if [[ $fields[place+1] == *s* && $fields[place+1] != *d* && $REPLY == "$1"?* ]]; then
      suggestion=$REPLY
      return 0
    fi
  done
}

# `received`: what the server at $1 says to the line $2 within a tenth of a second.
_delta_ask_once() {
  builtin emulate -L zsh
  local chunk= REPLY=
  local -i socket
  local -F end
  zsocket "$1" 2>/dev/null || return
  socket=$REPLY
  _delta_record H "$_delta_session" "zsh $ZSH_VERSION" $$
  chunk=$REPLY
  _delta_record Q 1 "$PWD" "$2"
  syswrite -o $socket -- "$chunk$REPLY" 2>/dev/null
  (( end = EPOCHREALTIME + 0.1 ))
  while [[ $received != *$'\x1e1A'*$'\n'* ]] && (( EPOCHREALTIME < end )); do
    sysread -i $socket -t $(( end - EPOCHREALTIME )) chunk 2>/dev/null || break
    received+=$chunk
  done
  exec {socket}>&-
}
