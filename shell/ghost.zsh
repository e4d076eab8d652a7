# delta_learn: the suggestion behind the line, read by delta.zsh, whose rules hold here too: builtins only, nothing is waited for.

# What is shown; what our entry of region_highlight ends with; the destructive command that one key more takes, behind the length
# of the line; the line as it was last seen; the line that was not typed, for which nothing is shown. Whether a line is being
# edited, and whether something else has the keys meanwhile.
typeset -g _delta_ghost= _delta_region= _delta_armed= _delta_seen= _delta_hidden=
typeset -gi _delta_editing=0 _delta_busy=0
# TRAPINT: 0 not ours, 1 ours, 2 the person has one that has to stay.
typeset -gi _delta_trapping=0

_delta_forget_ghost() {
  builtin emulate -L zsh
  _delta_ghost= _delta_region= _delta_armed= _delta_seen= _delta_hidden= _delta_editing=0 _delta_busy=0
}

# The editor's hooks, the first of each: one that fails ends the rest. Others who make such a widget later take ours with it,
# so there is a look at each prompt.
_delta_hook_editor() {
  builtin emulate -L zsh
  local hook=
  local -a hooks
  local -A ours
  ours=(line-init _delta_line_init line-finish _delta_line_finish line-pre-redraw _delta_follow isearch-update _delta_isearch)
  for hook in ${(k)ours}; do
    [[ ${widgets[zle-$hook]-} == user:azhw:* ]] && continue
    builtin autoload -Uz add-zle-hook-widget
    add-zle-hook-widget -d $hook $ours[$hook]  # else it would not take the other one
    add-zle-hook-widget $hook $ours[$hook] || continue
    zstyle -g hooks zle-$hook widgets
    zstyle zle-$hook widgets 00:$ours[$hook] "${(@)hooks:#<->:$ours[$hook]}"
  done 2>/dev/null
}

# The editor begins with a line, goes on with it, or has finished it.
_delta_line_init() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_forget_ghost
  [[ $CONTEXT == start ]] || return 0
  _delta_forget_feedback
  _delta_editing=1
  (( _delta_bound )) || _delta_bind_keys
  (( _delta_unanswered )) && _delta_receive $_delta_socket
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
  _delta_busy=1
}

# Before each redraw. What is shown follows what is typed at once; the server is asked for better.
_delta_follow() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  (( _delta_editing )) || return 0
  local now=$KEYMAP:$CURSOR:$BUFFER
  [[ $LASTWIDGET == zle-isearch-update ]] && return 0  # still searching
  _delta_busy=0
  if [[ $now == "$_delta_seen" ]]; then
    [[ -z $_delta_ghost ]] || _delta_post  # others may have thrown it away
    return 0
  fi
  _delta_seen=$now
  [[ $BUFFER == "$_delta_hidden" ]] || _delta_hidden=
  case $LASTWIDGET in
    # Not typed: what stands there is meant. Our keys have the name of what they did before behind theirs.
    *history*|*up-line*|*down-line*|undo|redo|*isearch*|*paste*)
      [[ $LASTWIDGET == _delta_* && $_delta_chosen == 1 ]] || _delta_hidden=$BUFFER
      ;;
  esac
  # A list is still to be printed, below the line as it is now.
  [[ $LASTWIDGET == _delta_complete:* ]] || _delta_draw
  [[ $BUFFER == "$_delta_answered" ]] || _delta_ask_on
  return 0
}

_delta_ask_on() {
  builtin emulate -L zsh
  _delta_keys_wait || [[ -n $_delta_hidden ]] || ! _delta_may_show || _delta_ask Q "$PWD" "$BUFFER"
}

# Whether the next key is there already. Then nothing new is shown or asked, and there is another look later.
_delta_keys_wait() {
  builtin emulate -L zsh
  (( PENDING || KEYS_QUEUED_COUNT )) && _delta_seen=
}

# Called by zle when something has come.
_delta_answer() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  local before=$_delta_ghost
  _delta_receive $1 && (( _delta_editing )) || return 0
  _delta_draw
  [[ $BUFFER == "$_delta_answered" ]] || _delta_ask_on  # it was typed on
  [[ $_delta_ghost == "$before" ]] || zle -R  # which takes away what stands below the line
  return 0
}

# Whether a suggestion may stand behind the line now.
_delta_may_show() {
  builtin emulate -L zsh
  (( _delta_editing && ! _delta_busy && CURSOR == $#BUFFER && $#BUFFER < 2000 )) || return 1
  [[ $BUFFER != [[:space:]]* && $KEYMAP != (vicmd|visual|viopp) ]] || return 1
  # What is typed zsh-autosuggestions completes, with our strategy.
  [[ -z $BUFFER ]] || (( ! ${+functions[_zsh_autosuggest_fetch]} ))
}

# Whether what is shown still goes on from the line: keys can come faster than it is drawn.
_delta_stands() {
  builtin emulate -L zsh
  [[ -n $_delta_ghost ]] || return
  [[ $_delta_ghost == "$BUFFER"?* ]] && (( CURSOR == $#BUFFER )) && return
  _delta_hide
  return 1
}

# Shows the best that goes on from the line, or nothing.
_delta_draw() {
  builtin emulate -L zsh
  local text=
  local -i place=$_delta_choice
  if _delta_may_show && [[ -z $BUFFER || $BUFFER != "$_delta_hidden" ]]; then
    if _delta_keys_wait; then
      (( ! place )) || text=$_delta_ghost
    elif (( _delta_chosen )); then
      text=${_delta_texts[place]-}
    else
      for (( place = 1; place <= $#_delta_texts; ++place )); do
        [[ $_delta_marks[place] == *s* && $_delta_texts[place] == "$BUFFER"?* ]] && break
      done
      text=${_delta_texts[place]-}
    fi
  fi
  if [[ $text == "$BUFFER"?* ]]; then
    _delta_choice=place _delta_ghost=$text
    _delta_trap_begins
    _delta_post
    _delta_note_shown
  else
    _delta_hide
  fi
}

_delta_post() {
  builtin emulate -L zsh
  POSTDISPLAY=${_delta_ghost#"$BUFFER"}
  _delta_highlight
}

_delta_hide() {
  builtin emulate -L zsh
  [[ -n $_delta_ghost ]] || return 0
  # zsh-autosuggestions goes on with it by itself where what is typed agrees; what destroys would be one key away there.
  [[ -n $BUFFER && $_delta_marks[_delta_choice] == -* && $_delta_marks[_delta_choice] != *d* &&
    ${+functions[_zsh_autosuggest_fetch]} == 1 ]] || POSTDISPLAY=
  _delta_ghost=
  _delta_highlight
}

# Our entry of region_highlight, and no other; zsh moves its ends with the text. From zsh 5.9 on it says whose it is, before
# that its style has to do.
_delta_highlight() {
  builtin emulate -L zsh
  local style=${DELTA_HIGHLIGHT_STYLE:-fg=8}
  [[ -z $_delta_region ]] || region_highlight=("${(@)region_highlight:#* $_delta_region}")
  _delta_region=
  [[ -n $_delta_ghost ]] || return 0
  [[ $_delta_armed != "$#BUFFER $_delta_ghost" ]] || style=${DELTA_ARMED_STYLE:-fg=red}
  [[ $ZSH_VERSION != (5.(9|<10->)|<6->.)* ]] || _delta_region=memo=delta
  region_highlight+=("$#BUFFER $(( $#BUFFER + $#POSTDISPLAY )) $style${_delta_region:+ $_delta_region}")
  _delta_region=${_delta_region:-${region_highlight[-1]#* * }}
}

# After Ctrl-C the line is not drawn again, so that the ghost would stay in the scrollback: while one is shown a trap takes it
# away, and then lets the person's TRAPINT or zsh itself do what it does. A trap in another form stays, and so does the ghost.
_delta_trap_begins() {
  builtin emulate -L zsh
  setopt no_local_traps
  local REPLY=
  (( _delta_trapping )) && return
  _delta_trapping=2
  if (( ${+functions[TRAPINT]} )); then
    functions -c TRAPINT _delta_trap_before 2>/dev/null || return  # before zsh 5.8
  else
    _delta_capture trap && [[ $REPLY != *' INT'* ]] || return
  fi
  _delta_trapping=1
  TRAPINT() {
    zle && zle _delta_clear
    _delta_trap_ends
    # Once more: where a trap returned that the line is to be given up, zsh would leave out the first precmd function.
    builtin kill -INT $$
    return 0
  }
}

_delta_trap_ends() {
  builtin emulate -L zsh
  setopt no_local_traps
  if (( _delta_trapping == 1 )) && [[ ${functions[TRAPINT]-} == *_delta_clear* ]]; then
    if (( ${+functions[_delta_trap_before]} )); then
      functions -c _delta_trap_before TRAPINT
    else
      builtin unfunction TRAPINT
    fi
  fi
  (( ! ${+functions[_delta_trap_before]} )) || builtin unfunction _delta_trap_before
  _delta_trapping=0
}

_delta_clear() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
  zle -R
}

zle -N _delta_answer
zle -N _delta_clear
