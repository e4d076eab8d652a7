# shellcheck shell=bash disable=SC2154
# delta_learn: keys that bring the predicted command into the line; read by delta.bash, whose rules hold here too.
# bash cannot speak over a Unix socket, so a key starts delta_learn/serving/ask.py, which gives up after a quarter of a second.
#
# Keys, in readline's notation, several with spaces between: DELTA_NEXT_KEYS, DELTA_PREVIOUS_KEYS, DELTA_WORD_KEYS,
# DELTA_NEVER_KEYS. Without them \en \ep \ew \C-xn, unless the person uses those; in vi mode, where Escape and w are two keys
# in a hurry, \C-x\C-n \C-x\C-p \C-x\C-w \C-xn. DELTA_PROMPT=off: nothing of this.

\shopt -u expand_aliases  # once more: in bash 4.4 a file starts with them; delta.bash turns them on again

# What the last question brought, and what has become of it at this prompt:
#   _delta_stem, _delta_tail      the line before and behind the cursor when it was asked
#   _delta_texts                  what the server suggests for the stem; marks, probabilities, sources, model go with it
#   _delta_place                  which of them the last key showed; -1: the stem as it was typed
#   _delta_taken                  what stands in the line of it, with the stem before; empty: nothing of it
#   _delta_armed                  it was only announced: the next key inserts it
#   _delta_left, _delta_left_at   line and cursor as the last key left them
#   _delta_keys, _delta_carried   keys pressed, and characters inserted by earlier questions that are still in the stem
#   _delta_offered                key, tab, ghost: how something was shown; told: and what became of it is written;
#                                 first: before the first prompt; empty: nothing was
_delta_reset() {
  _delta_offered='' _delta_stem='' _delta_tail='' _delta_place=-1 _delta_taken='' _delta_armed='' _delta_by_word=''
  _delta_left='' _delta_left_at='' _delta_keys=0 _delta_carried=0
  _delta_texts=() _delta_marks=() _delta_probabilities=() _delta_sources=()
}
_delta_reset
_delta_offered=first _delta_model='' _delta_next_serve=0 _delta_next_ask=0 _delta_patience=0

# At a prompt, if the one before showed something, and at the first one, when all other start files have been read.
_delta_new_prompt() {
  local _delta__first=$_delta_offered
  _delta_reset
  [[ $_delta__first == first && ${DELTA_PROMPT-} != off ]] || return 0
  _delta_bind_keys
  builtin complete -p -E >/dev/null ||
    builtin complete -E -o noquote -o nospace -o nosort -o bashdefault -F _delta_complete
  [[ -z ${BLE_VERSION-} ]] || ble/util/import/eval-after-load core-complete _delta_add_ghost
  _delta_find_server || :
}

_delta_bind_keys() {
  local - _delta__map _delta__escape _delta__bound='' _delta__blind=''
  set -f
  ! builtin shopt -q nocasematch || _delta__blind=nocasematch  # \eW is not \ew
  builtin shopt -u nocasematch
  for _delta__map in emacs-standard vi-insert; do
    { builtin bind -m "$_delta__map" -p && builtin bind -m "$_delta__map" -s && builtin bind -m "$_delta__map" -X; } \
      >|"$_delta_scratch"
    IFS= read -r -d '' _delta__bound <"$_delta_scratch"
    _delta__bound=$'\n'$_delta__bound _delta__escape='\e'
    [[ $_delta__map == emacs-standard ]] || _delta__escape='\C-x\C-'
    _delta_bind "${DELTA_NEXT_KEYS-unset}" "${_delta__escape}n" non-incremental-forward-search-history '_delta_cycle 1'
    _delta_bind "${DELTA_PREVIOUS_KEYS-unset}" "${_delta__escape}p" non-incremental-reverse-search-history '_delta_cycle -1'
    _delta_bind "${DELTA_WORD_KEYS-unset}" "${_delta__escape}w" '' _delta_take_word
    _delta_bind "${DELTA_NEVER_KEYS-unset}" '\C-xn' '' _delta_never
  done
  : >|"$_delta_scratch"
  [[ -z $_delta__blind ]] || builtin shopt -s nocasematch
}

# $1: what the person wants, or unset: then $2, if nobody has it but readline itself for $3. $4: what it calls. The last argument
# of the person's last command goes through the call, so that it is still in $_ after it.
_delta_bind() {
  local _delta__key _delta__keys=$1 _delta__bind='builtin bind'
  [[ -z ${BLE_VERSION-} ]] || _delta__bind=bind
  if [[ $1 == unset ]]; then
    [[ -z ${BLE_VERSION-} ]] || return 0  # it does not say which keys are bound
    [[ $_delta__bound != *$'\n"'"$2"'"'* || -n $3 && $_delta__bound == *$'\n"'"$2\": $3"$'\n'* ]] || return 0
    [[ $2 != '\C-x'* || $_delta__bound != *$'\n"\\C-x"'* || $_delta__bound == *$'\n"\\C-x": self-insert\n'* ]] || return 0
    _delta__keys=$2
  fi
  for _delta__key in $_delta__keys; do
    $_delta__bind -m "$_delta__map" -x "\"$_delta__key\": $4 \"\$_\" 2>/dev/null || :"
  done
}

# Shows the next of the suggestions for what stands before the cursor, or with -1 the one before. It is a ring, in which what
# was typed has its place too.
_delta_cycle() {
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' '
  if ! _delta_untouched || [[ -n $_delta_by_word ]]; then
    _delta_ask_here || return 0
  fi
  (( ++_delta_keys ))
  if [[ -n $_delta_armed && $1 == 1 ]]; then
    _delta_armed=''
  else
    (( _delta_place = (_delta_place + 1 + $1 + ${#_delta_texts[@]} + 1) % (${#_delta_texts[@]} + 1) - 1 )) || :
    _delta_armed=''
    # One key and Enter must not be enough to destroy something.
    (( _delta_place < 0 )) || [[ ${_delta_marks[_delta_place]} != *d* ]] || _delta_armed=1
  fi
  if (( _delta_place < 0 )); then
    _delta_taken=''
  elif [[ -n $_delta_armed ]]; then
    _delta_taken=''
    builtin printf 'delta_learn: the next press inserts `%s`.\n' "${_delta_texts[_delta_place]}"
  else
    _delta_taken=${_delta_texts[_delta_place]}
  fi
  _delta_show key
}

# Takes the next word of the first suggestion, and the space behind it.
_delta_take_word() {
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' ' _delta__rest _delta__lead _delta__word
  if ! _delta_untouched || [[ -z $_delta_by_word || $_delta_taken == "${_delta_texts[_delta_place]}" ]]; then
    _delta_ask_here || return 0
    _delta_place=0 _delta_taken=$_delta_stem
  fi
  (( ++_delta_keys ))
  _delta__rest=${_delta_texts[_delta_place]:${#_delta_taken}}
  _delta__lead=${_delta__rest%%[^ ]*}
  _delta__word=${_delta__rest:${#_delta__lead}}
  _delta__word=${_delta__word%% *}
  _delta_taken+=$_delta__lead$_delta__word
  _delta__rest=${_delta__rest:${#_delta__lead} + ${#_delta__word}}
  [[ $_delta__rest != ' '* ]] || _delta_taken+=' '
  _delta_show key
  _delta_by_word=1
}

# Never again the suggestion that the last key showed.
_delta_never() {
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' ' _delta__never
  _delta_untouched && (( _delta_place >= 0 )) || return 0
  _delta__never=${_delta_texts[_delta_place]}
  _delta_ask N "$_delta__never" || return 0
  _delta_taken='' _delta_suggestion=''
  _delta_show key
  builtin printf 'delta_learn: `%s` is never suggested again.\n' "$_delta__never"
  _delta_reset
}

# For `complete -E`. Where there is nothing to offer bash goes on as without us.
_delta_complete() {
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' ' _delta__index
  COMPREPLY=()
  { [[ $_delta_offered == tab ]] || _delta_ask_unasked '' tab; } 2>/dev/null || return 0
  for _delta__index in "${!_delta_texts[@]}"; do
    [[ ${_delta_marks[_delta__index]} == *d* ]] || COMPREPLY+=("${_delta_texts[_delta__index]}")
  done
  for _delta__index in "${!COMPREPLY[@]}"; do
    [[ ${COMPREPLY[_delta__index]} == "${COMPREPLY[0]:0:1}"* ]] || return 0
  done
  # Readline would insert what they have in common, and the next TAB would ask for something else.
  COMPREPLY=(${COMPREPLY[0]+"${COMPREPLY[0]}"})
}

# ble.sh: the suggestion as its auto-complete shows it, first of its sources.
_delta_add_ghost() {
  eval 'ble/complete/auto-complete/source:delta() { _delta_ghost; }'
  _ble_complete_auto_source=(delta "${_ble_complete_auto_source[@]}")
  blehook complete_insert!=_delta_ghost_inserted
}

_delta_ghost() {
  local IFS=' ' _delta__index
  [[ -z ${_ble_history_prefix-} ]] && (( _ble_edit_ind == ${#_ble_edit_str} )) || return 1
  ! ble/util/is-stdin-ready || return 148  # there is more typed already
  _delta_ask_unasked "$_ble_edit_str" ghost 2>/dev/null || return 1
  for _delta__index in "${!_delta_texts[@]}"; do
    if [[ ${_delta_marks[_delta__index]} == *s* && ${_delta_marks[_delta__index]} != *d* ]]; then
      _delta_place=$_delta__index _delta_suggestion=${_delta_texts[_delta__index]} _delta_suggestion_after=$_delta_before
      ble/complete/auto-complete/enter h 0 "${_delta_suggestion:${#_ble_edit_str}}" '' "$_delta_suggestion"
      return
    fi
  done
  _delta_offered=''
  return 1
}

# `comp_text` is what was typed when it was taken.
_delta_ghost_inserted() {
  [[ $_delta_offered != ghost || ${_ble_complete_ac_insert-} != "$_delta_suggestion" ]] ||
    _delta_taken=$_delta_suggestion _delta_stem=${comp_text-} _delta_keys=1
}

# Whether the line is as the last key left it.
_delta_untouched() {
  [[ $_delta_offered == key && ${READLINE_LINE-} == "$_delta_left" && ${READLINE_POINT-} == "$_delta_left_at" ]]
}

# Puts what was taken between what was typed and what stood behind the cursor.
_delta_show() {
  local _delta__head=${_delta_taken:-$_delta_stem}
  _delta_offered=$1 _delta_by_word=''
  (( _delta_place < 0 )) || _delta_suggestion=${_delta_texts[_delta_place]} _delta_suggestion_after=$_delta_before
  READLINE_LINE=$_delta__head$_delta_tail
  _delta_count "$_delta__head"
  READLINE_POINT=$_delta_count
  _delta_left=$READLINE_LINE _delta_left_at=$READLINE_POINT
}

# _delta_count: the length of $1 as READLINE_POINT counts it, which are bytes in bash 4.4.
_delta_count() {
  (( _delta_version >= 500 )) || local LC_ALL=C
  _delta_count=${#1}
}

_delta_split_line() {
  (( _delta_version >= 500 )) || local LC_ALL=C
  _delta__before=${READLINE_LINE:0:READLINE_POINT} _delta__behind=${READLINE_LINE:READLINE_POINT}
}

# A new question, about what stands before the cursor. False if nothing came: then all is as it was.
_delta_ask_here() {
  local _delta__before _delta__behind _delta__carried=0
  [[ -n ${READLINE_POINT-} && ${READLINE_LINE-} != [[:space:]]* ]] || return
  _delta_split_line
  [[ -z $_delta_taken || $_delta__before != "$_delta_taken"* ]] || (( _delta__carried = ${#_delta_taken} - ${#_delta_stem} ))
  _delta_ask Q "$_delta__before" || return
  (( _delta_carried += _delta__carried )) || :
  _delta_tail=$_delta__behind
}

# A question without a key for it: not again at once after one that nobody answered. $2: how it will be shown.
_delta_ask_unasked() {
  _delta_now
  (( _delta_time >= _delta_next_ask || _delta_time < _delta_next_ask - 60000000 )) && [[ $1 != [[:space:]]* ]] || return
  _delta_ask Q "$1" || return
  _delta_offered=$2 _delta_tail=''
}

# Asks for lines that begin with $2 (Q), or says never to suggest the line $2 again (N).
_delta_ask() {
  local _delta__python='' _delta__client='' _delta__answer _delta__failed
  [[ ${DELTA_PROMPT-} != off && -z $_delta_pausing && ${#2} -le 4000 ]] || return
  _delta_now
  [[ ! -e $_delta_state/paused ]] || ! _delta_paused || return
  IFS= read -r _delta__python <"$_delta_state/python" && IFS= read -r _delta__client <"$_delta_state/client" || return
  [[ -x $_delta__python && -r $_delta__client ]] && _delta_find_server || return
  _delta__answer=$(
    DELTA_LINE=$2 DELTA_DIRECTORY=$PWD "$_delta__python" -E -S -P -s "$_delta__client" "$1" "$_delta_state/run/address" \
      "$_delta_session" "bash ${BASH_VERSION%%[!0-9.]*}" "$$" </dev/null 2>/dev/null
  )
  _delta__failed=$?
  if (( _delta__failed )); then
    (( _delta_patience = _delta_patience ? (_delta_patience < 40 ? 2 * _delta_patience : 60) : 5 ))
    (( _delta_next_ask = _delta_time + _delta_patience * 1000000 ))
    (( _delta__failed != 2 )) || _delta_serve
    return 1
  fi
  _delta_patience=0 _delta_next_ask=0
  [[ $1 != Q ]] || _delta_read_answer "$2" "$_delta__answer"
}

# $2: the model, then text, marks, probability and source of each suggestion. False if none of them goes on from $1.
_delta_read_answer() {
  local - IFS=$'\x1f' _delta__texts=() _delta__marks=() _delta__probabilities=() _delta__sources=()
  set -f
  local _delta__model=${2%%"$IFS"*} _delta__index
  # shellcheck disable=SC2206  # to be split
  local _delta__fields=($2)
  for (( _delta__index = 1; _delta__index + 3 < ${#_delta__fields[@]}; _delta__index += 4 )); do
    [[ ${_delta__fields[_delta__index]} == "$1"?* ]] || continue
    _delta__texts+=("${_delta__fields[_delta__index]}")
    _delta__marks+=("${_delta__fields[_delta__index + 1]}")
    _delta__probabilities+=("${_delta__fields[_delta__index + 2]}")
    _delta__sources+=("${_delta__fields[_delta__index + 3]}")
  done
  (( ${#_delta__texts[@]} > 0 )) || return
  _delta_texts=("${_delta__texts[@]}") _delta_marks=("${_delta__marks[@]}")
  _delta_probabilities=("${_delta__probabilities[@]}") _delta_sources=("${_delta__sources[@]}")
  _delta_stem=$1 _delta_place=-1 _delta_taken='' _delta_armed='' _delta_by_word='' _delta_model=${_delta__model#-}
}

# True if the server's socket is there. Else the server is started, for the next time.
_delta_find_server() {
  local _delta__address=''
  IFS= read -r _delta__address <"$_delta_state/run/address"
  [[ ! -S $_delta__address ]] || return 0
  _delta_serve
  return 1
}

_delta_serve() {
  _delta_now
  (( _delta_time >= _delta_next_serve || _delta_time < _delta_next_serve - 30000000 )) || return 0
  (( _delta_next_serve = _delta_time + 30000000 ))
  _delta_background delta_learn.serving.daemon
}

# What became of what was shown, now that the line _delta_text is recorded.
_delta_write_feedback() {
  local _delta__place=$(( _delta_place < 0 ? 0 : _delta_place )) _delta__how=$_delta_offered _delta__event=overridden
  local _delta__shown _delta__kept=0 _delta__carried=$_delta_carried _delta__saved
  [[ $_delta__how == @(key|tab|ghost) && -n $_delta_file ]] || return 0
  _delta_offered=told
  if [[ $_delta__how == tab ]]; then
    _delta_find_taken || return 0
    _delta__place=$_delta_place
  fi
  _delta__shown=${_delta_texts[_delta__place]}
  if [[ -n $_delta_taken ]]; then
    _delta_common "$_delta_text" "$_delta_taken"
    (( _delta_count <= ${#_delta_stem} )) || _delta__event=part _delta__kept=$(( _delta_count - ${#_delta_stem} ))
    [[ $_delta_text != "$_delta__shown" || $_delta_taken != "$_delta__shown" || -n $_delta_by_word ]] || _delta__event=accepted
  elif [[ $_delta_text == "$_delta__shown" ]]; then
    _delta__event=typed
  fi
  [[ $_delta_text == "$_delta_stem"* ]] || _delta__carried=0
  (( _delta__saved = _delta__carried + _delta__kept - _delta_keys ))
  (( ${#_delta__shown} <= 1000 )) || return 0
  _delta_write '\x1e1F%s\0%s\0%s\0%s\0%s\0%s\0%s\0%s\0%s\0%s\n' "$_delta_sequence" "$_delta_start" "$_delta__event" \
    "$_delta__shown" "$(( ${#_delta_stem} - _delta__carried ))" "$_delta__saved" "${_delta_probabilities[_delta__place]}" \
    "${_delta_sources[_delta__place]}" "$_delta_model" "${_delta_before:0:1000}"
}

# readline does not say which of the completions was taken: it is seen when it runs unchanged.
_delta_find_taken() {
  for _delta_place in "${!_delta_texts[@]}"; do
    if [[ $_delta_text == "${_delta_texts[_delta_place]}" ]]; then
      _delta_taken=$_delta_text _delta_keys=1 _delta_suggestion=$_delta_text _delta_suggestion_after=$_delta_before
      return 0
    fi
  done
  return 1
}

# _delta_count: how many characters $1 and $2 have in common at their beginning.
_delta_common() {
  local _delta__more=$(( ${#1} < ${#2} ? ${#1} : ${#2} )) _delta__half
  _delta_count=0
  while (( _delta_count < _delta__more )); do
    (( _delta__half = (_delta_count + _delta__more + 1) / 2 ))
    if [[ ${1:0:_delta__half} == "${2:0:_delta__half}" ]]; then
      _delta_count=$_delta__half
    else
      (( _delta__more = _delta__half - 1 )) || :
    fi
  done
}
