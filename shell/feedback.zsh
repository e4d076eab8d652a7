# delta_learn: what became of suggestions, read by delta.zsh, whose rules hold here too: builtins only, and nothing is waited for.

# For `:feedback`: what was shown last, and the line before it.
typeset -g _delta_suggestion= _delta_suggestion_after= _delta_before=
# On this line: the first suggestion that was visible and the last that was taken, whole with one key or not; how much was typed,
# probability and source of the one of which will be told.
typeset -g _delta_first= _delta_taken=
typeset -gi _delta_whole=0
typeset -ga _delta_facts
# The line after the last key that took something, where in it begins and ends what was inserted, and the keys that it cost.
typeset -g _delta_left=
typeset -ga _delta_pieces
typeset -gi _delta_keys=0

_delta_forget_feedback() {
  builtin emulate -L zsh
  _delta_first= _delta_taken= _delta_whole=0 _delta_facts=() _delta_left= _delta_pieces=() _delta_keys=0
}

_delta_note_shown() {
  builtin emulate -L zsh
  _delta_suggestion=$_delta_ghost _delta_suggestion_after=$_delta_before
  [[ -z $_delta_first ]] || return 0
  _delta_first=$_delta_ghost
  _delta_note_facts
}

_delta_note_facts() {
  builtin emulate -L zsh
  local -i REPLY
  _delta_cut_pieces "$BUFFER"
  _delta_facts=($(( $#BUFFER - REPLY )) "$_delta_probabilities[_delta_choice]" "$_delta_sources[_delta_choice]")
}

# $1 of what is shown is inserted now: it ends at character $2 of the line.
_delta_note_taken() {
  builtin emulate -L zsh
  _delta_note_facts
  _delta_whole=$(( $2 == $#_delta_ghost ))
  [[ $_delta_taken != "$_delta_ghost" ]] || _delta_whole=0
  _delta_taken=$_delta_ghost _delta_left=$_delta_ghost[1,$2]
  _delta_pieces+=($(( $2 - $#1 )) $2)
}

# Keeps of the pieces what still stands in the line $1. REPLY: how many characters that are.
_delta_cut_pieces() {
  builtin emulate -L zsh
  local -i common=$(( $#1 < $#_delta_left ? $#1 : $#_delta_left )) stop
  local -a pieces
  local begin=
  REPLY=0
  while [[ ${1[1,common]} != "${_delta_left[1,common]}" ]]; do
    (( --common ))
  done
  for begin stop in $_delta_pieces; do
    (( stop = stop < common ? stop : common ))
    (( begin < stop )) || continue
    pieces+=($begin $stop)
    (( REPLY += stop - begin ))
  done
  _delta_pieces=($pieces)
}

# Called after the start record of the line $1: what became of suggestions on it.
_delta_write_feedback() {
  builtin emulate -L zsh
  local event=overridden shown=${_delta_taken:-$_delta_first} now= REPLY=
  if [[ -n $shown ]]; then
    _delta_now
    now=$REPLY
    _delta_cut_pieces "$1"
    if (( REPLY )); then
      event=part
      (( _delta_whole )) && [[ $1 == "$_delta_taken" ]] && event=accepted
    elif [[ $1 == "$shown" ]]; then
      event=typed
    fi
    _delta_write F $_delta_sequence $now $event "$shown" $_delta_facts[1] $(( REPLY - _delta_keys )) \
      "$_delta_facts[2]" "$_delta_facts[3]" "$_delta_model" "$_delta_before[1,1000]"
  fi
  _delta_before=$1
}
