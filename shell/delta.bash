# shellcheck shell=bash
# delta_learn: records what is typed at this prompt, on this machine only; shell/README.md is the format.
# bash 4.4 and newer. Sourced twice, in a script, or with delta_learn gone, it does nothing and says nothing.
# Builtins only, no DEBUG trap, and no process is waited for; bash itself keeps $?, $_ and PIPESTATUS around PROMPT_COMMAND.
#
# How a command is noticed: PS0 is expanded between Enter and the command. An arithmetic subscript in it assigns the history
# number and the time without a fork; the text is read from the history at the next prompt (in bash 5.3 at once).

# An alias named as a builtin would be read into the functions below, and `set -a` would export them; a backslash keeps aliases
# out of these lines. Locals have a prefix too: `readonly text` at the prompt makes every `local text` fail.
case $- in
  *a*) \set +a && _delta_restore='set -a' ;;
  *) _delta_restore=: ;;
esac
\shopt -q expand_aliases && _delta_restore+='; shopt -s expand_aliases'
\shopt -u expand_aliases

_delta_load() {
  local - IFS=' ' _delta__names='' _delta__name _delta__pairs=''
  set +euxaT
  [[ $- == *i* && -z ${_delta_session-} && -z ${POSIXLY_CORRECT-} ]] || return 1
  _delta_version=$(( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] ))
  (( _delta_version >= 404 )) && ! shopt -q restricted_shell || return 1
  _delta_state=${DELTA_STATE_HOME:-${XDG_STATE_HOME:-${HOME-}/.local/state}/delta}
  [[ -O $_delta_state/spool ]] || return 1  # not installed, or another user's shell (sudo -s)
  _delta_now
  _delta_session=bash-$_delta_time-$$-$RANDOM$RANDOM
  _delta_scratch=$_delta_state/spool/$_delta_session.text
  (umask 077 && : >"$_delta_scratch") 2>/dev/null || return 1
  _delta_file='' _delta_generation=-1 _delta_sequence=-1 _delta_pausing='' _delta_next_drain=0 _delta_background_pid=''
  _delta_typed='' _delta_seen=1 _delta_start='' _delta_ended='' _delta_begun='' _delta_base='' _delta_text='' _delta_last=''
  _delta_argument='' _delta_directory=$PWD _delta_environment='' _delta_subscript=('') _delta_times=()
  _delta_author=${DELTA_AUTHOR-} _delta_offered='' _delta_before='' _delta_suggestion='' _delta_suggestion_after=''
  { read -r _delta__names <"$_delta_state/variables"; } 2>/dev/null
  for _delta__name in $_delta__names; do
    [[ $_delta__name != [A-Za-z_]* || $_delta__name == *[!A-Za-z0-9_]* ]] ||
      _delta__pairs+="\${$_delta__name:+$_delta__name=\${$_delta__name//\$_delta__us}\$_delta__us}"
  done
  # A loop over the names would cost more at each command.
  eval "_delta_context() { local _delta__us=\$'\\x1f'; _delta_directory=\$PWD _delta_environment=$_delta__pairs; }"
  for _delta__name in CLAUDECODE CURSOR_AGENT CODEX_SANDBOX CODEX_THREAD_ID CODEX_CI GEMINI_CLI OPENCODE QWEN_CODE CLINE_ACTIVE \
    AUGMENT_AGENT AMP_CURRENT_THREAD_ID GOOSE_TERMINAL TRAE_AI_SHELL_ID ANTIGRAVITY_AGENT AI_AGENT; do
    [[ -z $_delta_author && -n ${!_delta__name-} ]] && _delta_author=$_delta__name  # programs that type for a person say so
  done
  _delta_hook
}

_delta_hook() {
  local _delta__now='${EPOCHREALTIME//[^0-9]}'
  (( _delta_version >= 500 )) || _delta__now='\D{%s}000000'
  _delta_expansion='${_delta_subscript[(_delta_times[HISTCMD]='$_delta__now',0)]}'
  if (( _delta_version >= 503 )); then
    _delta_expansion+='${ _delta_preexec; }'
  elif [[ -z ${BASH_ALIASES[exec]-} && -z ${BLE_VERSION-} ]]; then
    # No older hook can write before `exec` replaces the shell. An empty word in front of it can, and changes nothing else.
    alias exec='$(_delta_preexec) exec'
  fi
  ! shopt -q promptvars || PS0="${PS0-}$_delta_expansion"
  if [[ ${#PROMPT_COMMAND[@]} -gt 1 || ${PROMPT_COMMAND@a} == *a* ]] && (( _delta_version >= 501 )); then
    PROMPT_COMMAND=('_delta_prompt "$?" "$_" 2>/dev/null || :' "${PROMPT_COMMAND[@]}")
    [[ -n ${bash_preexec_imported-}${__bp_imported-} ]] || PROMPT_COMMAND+=(_delta_ready)
    _delta_prompt_command=${PROMPT_COMMAND[0]}
  else
    _delta_prompt_command=''
    _delta_come_first
  fi
  local _delta__trap=''
  trap -p EXIT >|"$_delta_scratch"
  IFS= read -r -d '' _delta__trap <"$_delta_scratch"
  : >|"$_delta_scratch"
  if [[ -n $_delta__trap ]]; then
    eval "set -- $_delta__trap"  # trap -- 'COMMANDS' EXIT
    trap -- "_delta_exit"$'\n'"$3" EXIT
  else
    trap -- '_delta_exit || :' EXIT
  fi
}

# PROMPT_COMMAND with us first, where $? is still that of the command, and with our last word if there are others. It stays a
# scalar, which bash-preexec and others expect, and one line: with two, bash before 5.1 puts the second into the history.
_delta_come_first() {
  local _delta__alone='_delta_prompt "$?" "$_" 2>/dev/null || :' _delta__first='_delta_precmd "$?" "$_"'
  local _delta__others=${PROMPT_COMMAND-}
  if [[ $_delta__others != "$_delta__first; "* ]]; then
    _delta__others=${_delta__others/"$_delta__alone"/:}
    _delta__others=${_delta__others/"$_delta__first"/:}
    _delta__others=${_delta__others/"; _delta_ready"}
    while [[ $_delta__others == *[$' \t\n;'] ]]; do
      _delta__others=${_delta__others%?}
    done
    [[ $_delta__others != : ]] || _delta__others=''
    if [[ -n $_delta__others ]]; then
      # Behind bash-preexec's last word any command would count as typed.
      PROMPT_COMMAND="$_delta__first; $_delta__others"
      [[ -n ${bash_preexec_imported-}${__bp_imported-} ]] || PROMPT_COMMAND+='; _delta_ready'
    else
      PROMPT_COMMAND=$_delta__alone
    fi
  fi
  _delta_prompt_command=$PROMPT_COMMAND
}

# Between Enter and the command, where that is possible; in a subshell before `exec`, whose arguments may ask for $?.
_delta_preexec() {
  local _delta__status=$?
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' '
  _delta_newest_typed
  if [[ -n $_delta_base && $_delta_typed -gt $_delta_base ]]; then
    { _delta_read_history -0; _delta_record; } 2>/dev/null || :
  fi
  return "$_delta__status"
}

# `_delta_prompt` for others in PROMPT_COMMAND, who are to see the same $? and $_. Not to `set -e`, which would end the shell.
_delta_precmd() {
  _delta_prompt "$1" "$2" 2>/dev/null || :
  [[ $- != *e* ]] || return 0
  return "$1"
}

# $1: exit status, $2: last argument of what ended. It is called with `|| :` so that nothing in it can end a shell under
# `set -e`, and it reads no unset variable (`set -u`). A call of a function is 10 us here: short ones are written out.
_delta_prompt() {
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' '
  (( _delta_version >= 500 )) && _delta_time=${EPOCHREALTIME/[.,]} || _delta_now
  _delta_ended=$_delta_time
  _delta_typed=${!_delta_times[*]}
  if [[ -n $_delta_typed ]]; then
    [[ $_delta_typed != *' '* ]] || _delta_typed=${_delta_typed##* }
    _delta_start=${_delta_times[_delta_typed]}
  fi
  if [[ -z $_delta_begun ]]; then
    if [[ -n $_delta_base ]] && (( ${#_delta_times[@]} > 1 || _delta_version >= 501 && ${_delta_typed:-0} > _delta_base + 1 )); then
      _delta_read_earlier
    fi
    _delta_read_history -1
    if [[ -n $_delta_base ]] && _delta_added "$2"; then
      _delta_record "$1"
    fi
  fi
  if [[ -n $_delta_begun ]]; then
    [[ $_delta_begun == whole ]] ||
      _delta_write '\x1e1E%s\0%s\0%s\0%s\n' "$_delta_sequence" "$_delta_start" "$_delta_ended" "$1"
    _delta_argument=$2
  fi
  _delta_last=$_delta_text
  _delta_context
  _delta_seen=${_delta_typed:-$_delta_seen} _delta_typed='' _delta_begun='' _delta_times=() _delta_base=$HISTCMD
  (( _delta_version >= 501 )) || _delta_ready
  [[ ${PROMPT_COMMAND-} == "$_delta_prompt_command" ]] || _delta_come_first  # others came, or went before us
  [[ -z ${BLE_VERSION-} || -n ${_delta_ble-} ]] || _delta_live_with_ble
  [[ $BASHOPTS == *promptvars* ]] || PS0=${PS0/"$_delta_expansion"}  # else it is printed as it stands
  [[ -z $_delta_offered ]] || _delta_new_prompt
  # The second test is for a clock that was set back.
  if [[ -n $_delta_file ]] && (( _delta_time >= _delta_next_drain || _delta_time < _delta_next_drain - 60000000 )); then
    (( _delta_next_drain = _delta_time + 60000000 ))
    [[ ! -s $_delta_state/notice ]] || _delta_notice
    _delta_drain
  fi
}

# ble.sh runs `exec` in code of its own, where our alias would be read too; it has a hook that knows the line.
_delta_live_with_ble() {
  _delta_ble=1
  [[ ${BASH_ALIASES[exec]-} != *_delta_preexec* ]] || unalias exec
  (( _delta_version >= 503 )) || blehook PREEXEC!=_delta_ble_preexec
}

_delta_ble_preexec() {
  [[ $1 == exec\ * ]] || return 0
  _delta_now
  _delta_text=$1 _delta_start=$_delta_time
  _delta_record 2>/dev/null || :
}

# From what PS0 has left: an array, which `set -a` cannot export to the command.
_delta_newest_typed() {
  _delta_typed=${!_delta_times[*]}
  _delta_typed=${_delta_typed##* }
  [[ -z $_delta_typed ]] || _delta_start=${_delta_times[_delta_typed]}
}

# The history as it is before the next line. Once more after others in PROMPT_COMMAND: they may read lines in (`history -n`).
_delta_ready() {
  _delta_base=$HISTCMD
  (( _delta_version >= 501 )) || _delta_base=$_delta_seen  # where HISTCMD is always 1 here
}

# Several lines since the last prompt: pasted at once, each with its PS0, or edited with Ctrl-X Ctrl-E, which have none.
_delta_read_earlier() {
  local _delta__line _delta__typed="${!_delta_times[*]}" _delta__start=$_delta_start
  # Every other line is a draft, which never ran. Before 5.1 the number at the prompt is not known.
  # ble.sh reads the history in by and by.
  if [[ $_delta_version -ge 501 && -z ${BLE_VERSION-} && "${PROMPT_COMMAND[*]}" != *history\ * ]]; then
    _delta__line=$(( (${_delta__typed%% *} - _delta_base) % 2 ? _delta_base + 2 : _delta_base + 1 ))
    for (( ; _delta__line < ${_delta__typed%% *}; _delta__line += 2 )); do
      _delta_start=$_delta_time
      _delta_record_line "$_delta__line"
    done
  fi
  for _delta__line in $_delta__typed; do
    _delta_start=${_delta_times[_delta__line]}
    (( _delta__line <= _delta_base || _delta__line >= _delta_typed )) || _delta_record_line "$_delta__line"
  done
  _delta_start=$_delta__start
}

# $1: what HISTCMD was when that line was the newest.
_delta_record_line() {
  local _delta__back=$(( $1 - _delta_typed - 1 ))
  _delta_read_history "$_delta__back" "$_delta__back"
  _delta_record
  _delta_begun=''
}

# Whether what ran is the newest line of the history.
_delta_added() {
  if [[ -n $_delta_typed ]]; then
    (( _delta_version < 501 || HISTCMD >= _delta_typed )) || return  # `history -d`
    [[ $_delta_text != "$_delta_last" || $_delta_typed -gt $_delta_base ]] || _delta_repeated "$1"
    return
  fi
  _delta_start=$_delta_time _delta_ended=''  # Ctrl-X Ctrl-E and an empty line: the start is not known
  [[ $_delta_text != "$_delta_last" && "${PROMPT_COMMAND[*]}" != *history\ * ]] ||
    (( _delta_version >= 501 && HISTCMD > _delta_base ))
}

# The history did not grow: the line was the one before again (ignoredups), or one to be left out (ignorespace, HISTIGNORE).
# Which of the two, the last argument tells; what is recorded is the line before, never one that was left out.
_delta_repeated() {
  case :${HISTCONTROL-}: in
    *:ignoredups:* | *:ignoreboth:* | *:erasedups:*) ;;
    *) return 1 ;;
  esac
  if [[ -z ${HISTIGNORE-} && :${HISTCONTROL-}: != *:ignoreboth:* && :${HISTCONTROL-}: != *:ignorespace:* ]]; then
    return 0
  fi
  [[ -n $_delta_argument && $1 == "$_delta_argument" ]]
}

# Writes the start of the command in _delta_text, and its end with status $1 if there is one; unless it is not to be recorded.
_delta_record() {
  [[ -n $_delta_text && -z $_delta_pausing && $_delta_text != [[:space:]]* ]] || return 0
  [[ $_delta_text != :@(train|feedback|pause|resume)?([[:space:]]*) ]] || return 0
  [[ ! -e $_delta_state/paused ]] || ! _delta_paused || return 0
  (( ++_delta_sequence ))
  _delta_begun=begun
  if (( ${#_delta_text} > 1000 )); then
    _delta_record_long
  elif [[ -n ${1-} ]]; then
    _delta_begun=whole
    _delta_write '\x1e1S%s\0%s\0\0%s\0%s\0%s\n\x1e1E%s\0%s\0%s\0%s\n' "$_delta_sequence" "$_delta_start" "$_delta_directory" \
      "$_delta_environment" "$_delta_text" "$_delta_sequence" "$_delta_start" "$_delta_ended" "$1"
  else
    _delta_write '\x1e1S%s\0%s\0\0%s\0%s\0%s\n' "$_delta_sequence" "$_delta_start" "$_delta_directory" \
      "$_delta_environment" "$_delta_text"
  fi
  [[ -z $_delta_offered ]] || _delta_write_feedback
  _delta_before=$_delta_text
}

# In several records: stdio writes at most 4096 bytes at once.
_delta_record_long() {
  local _delta__text=$_delta_text _delta__flags=m
  if (( ${#_delta__text} > 32768 )); then
    _delta__text=${_delta__text:0:32768} _delta__flags=cm
  fi
  _delta_write '\x1e1S%s\0%s\0%s\0%s\0%s\0%s\n' "$_delta_sequence" "$_delta_start" "$_delta__flags" "$_delta_directory" \
    "$_delta_environment" "${_delta__text:0:1000}"
  while (( ${#_delta__text} > 1000 )); do
    _delta__text=${_delta__text:1000} _delta__flags=''
    (( ${#_delta__text} <= 1000 )) || _delta__flags=m
    _delta_write '\x1e1M%s\0%s\0%s\n' "$_delta_sequence" "$_delta__flags" "${_delta__text:0:1000}"
  done
}

_delta_exit() {
  local _delta__status=$?
  [[ $- != *[aT]* ]] || { local -; set +aT; }
  local IFS=' '
  _delta_leave 2>/dev/null || :
  return "$_delta__status"
}

_delta_leave() {
  _delta_newest_typed
  if [[ -n $_delta_typed && -z $_delta_begun ]]; then  # `exit`, or what ran when the terminal was closed
    _delta_now
    _delta_base=${_delta_base:-0}
    (( ${#_delta_times[@]} < 2 && (_delta_version < 501 || _delta_typed <= _delta_base + 1) )) || _delta_read_earlier
    _delta_read_history -1
    [[ $_delta_text == "$_delta_last" && $_delta_typed -le $_delta_base ]] || _delta_record
  fi
  if [[ -n $_delta_file ]]; then
    _delta_write '\x1e1X\n'
    _delta_drain
  fi
}

_delta_now() { # _delta_time: microseconds since the epoch
  if (( _delta_version >= 500 )); then
    _delta_time=${EPOCHREALTIME/[.,]}
  else
    printf -v _delta_time '%(%s)T000000' -1
  fi
}

# _delta_text: a line of the history, the newest being -0 while it runs and -1 at the prompt. `fc` can only print, and a command
# substitution would fork: so through a file. Truncating it would cost more than all the rest (ext4), so it is written over.
_delta_read_history() {
  _delta_text=''
  (( HISTCMD > 1 || _delta_version < 501 )) || return 0  # an empty history crashes fc of bash 5.1
  { builtin fc -ln "$@" && builtin printf '\0'; } 1<>"$_delta_scratch" || return 0
  IFS= builtin read -r -d '' _delta_text <"$_delta_scratch"
  if (( ${#_delta_text} > 1000 )); then
    : >|"$_delta_scratch"
  else
    builtin printf '%*s' "$(( ${#_delta_text} * 4 + 8 ))" '' 1<>"$_delta_scratch"  # a character has up to four bytes
  fi
  _delta_text=${_delta_text#$'\t'}
  _delta_text=${_delta_text#[ *]}  # `*`: the line was edited
  _delta_text=${_delta_text%$'\n'}
}

# Writes one record with one write(), so that only the last of a file can be torn. $1: its format, then its fields.
_delta_write() {
  local _delta__rs=$'\x1e' _delta__lf=$'\n'
  [[ -n $_delta_file && -e $_delta_file ]] || _delta_open || return
  if [[ "${*:2}" == *["$_delta__rs$_delta__lf"]* ]]; then
    local -a _delta__fields=("${@:2}")
    _delta__fields=("${_delta__fields[@]//"$_delta__rs"/"${_delta__rs}e"}")
    set -- "$1" "${_delta__fields[@]//"$_delta__lf"/"${_delta__rs}n"}"
  fi
  builtin printf "$@" >>"$_delta_file"
}

# Begins the next generation. Opened for each record: bash cannot keep a descriptor from the programs that it starts.
_delta_open() {
  local _delta__mask='' _delta__failed
  [[ -O $_delta_state/spool ]] || return
  _delta_file=$_delta_state/spool/$_delta_session.$(( ++_delta_generation ))
  local _delta__old=$_delta_state/spool/$_delta_session.$(( _delta_generation - 1000 ))
  [[ ! -s $_delta__old ]] || : >|"$_delta__old"  # nothing drains: the disk must not fill up
  umask 1<>"$_delta_scratch" && read -r _delta__mask <"$_delta_scratch"
  umask 077
  builtin printf '\x1e1H%s\0%s\0%s\0%s\0%s\0%s\n' "bash ${BASH_VERSION%%[!0-9.]*}" "$$" "${HOSTNAME//[[:cntrl:]]}" \
    "${USER-}" "$OSTYPE $HOSTTYPE" "${_delta_author//[[:cntrl:]]}" >>"$_delta_file"
  _delta__failed=$?
  [[ -z $_delta__mask ]] || umask "$_delta__mask"
  (( _delta__failed == 0 )) || _delta_file=''
  return "$_delta__failed"
}

# Starts a drain that nobody waits for. What is written from now on goes into a new generation: this one can be removed.
_delta_drain() {
  _delta_file=''
  _delta_background delta_learn.collector.record
}

# Runs the module $1, which nobody waits for.
_delta_background() {
  local _delta__python=''
  IFS= read -r _delta__python <"$_delta_state/python"
  [[ -x $_delta__python ]] || return
  if [[ -z ${!-} || ${!-} == "$_delta_background_pid" ]]; then
    "$_delta__python" -E -P -m "$1" </dev/null >/dev/null &
    _delta_background_pid=$!
    disown "$!"
  else
    ( "$_delta__python" -E -P -m "$1" </dev/null >/dev/null & )  # $! is the person's: a fork once a minute
  fi
}

# Shows the line that a failed night left, once: the shell that reads it first empties the file. It is data.
_delta_notice() {
  local _delta__notice=''
  IFS= read -r _delta__notice <"$_delta_state/notice" && : >|"$_delta_state/notice" || return
  builtin printf 'delta_learn: %s\n' "${_delta__notice//[[:cntrl:]]}"
}

# True while `delta-learn pause` holds; the file may name the second at which it ends.
_delta_paused() {
  local _delta__until=''
  IFS= read -r _delta__until 2>/dev/null <"$_delta_state/paused"
  [[ -z $_delta__until || $_delta__until == *[!0-9]* ]] || (( _delta_time / 1000000 < _delta__until ))
}

_delta_learn() {
  local _delta__python=''
  { IFS= read -r _delta__python <"$_delta_state/python"; } 2>/dev/null
  if [[ ! -x $_delta__python ]]; then
    echo 'delta_learn is not installed any more; run `delta-learn install`.' >&2
    return 1
  fi
  DELTA_SESSION=$_delta_session DELTA_SUGGESTION=$_delta_suggestion DELTA_SUGGESTION_AFTER=$_delta_suggestion_after \
    "$_delta__python" -E -P -m delta_learn "$@"
}

_delta_usage() {
  printf '%s\n' 'usage: :train "WHEN" "THEN"          after WHEN, THEN is what I do' \
    '       :train add "COMMAND" "MEANING"  weigh it more; `# MEANING` finds it' \
    '       :train feedback "TEXT"' '       :train status | now' '       :feedback helpful | unhelpful' >&2
  return 2
}

if _delta_load; then
  :train() {
    case ${1-} in
      add | feedback) _delta_learn "$1" -- "${@:2}" ;;
      status) _delta_learn status --short ;;
      now) _delta_learn train --background ;;
      *) if (( $# == 2 )); then _delta_learn teach -- "$@"; else _delta_usage; fi ;;
    esac
  }

  :feedback() {
    case $#:${1-} in
      1:helpful | 1:unhelpful) _delta_learn feedback "$1" ;;
      *) _delta_usage ;;
    esac
  }

  :pause() {
    _delta_pausing=1
    echo 'delta_learn: this shell records nothing until `:resume`.'
  }

  :resume() {
    _delta_pausing=''
    _delta_now
    echo 'delta_learn: this shell records again.'
    if [[ -e $_delta_state/paused ]] && _delta_paused; then
      echo 'All shells are paused; end that with `delta-learn resume`.'
    fi
  }

  . "${BASH_SOURCE[0]%/*}/prompt.bash" 2>/dev/null || :
fi

unset -f _delta_load _delta_hook
eval "unset _delta_restore; $_delta_restore"
