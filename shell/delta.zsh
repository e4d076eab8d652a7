# delta_learn: records what is typed at this prompt, on this machine only; shell/README.md is the format.
# zsh 5.3 and newer. Sourced twice, in a script, or with delta_learn gone, it does nothing and says nothing.
# Builtins only, and no process is waited for; zsh itself keeps $?, $_ and pipestatus around hooks.

# Options and aliases change how a file is read (SH_GLOB, IGNORE_BRACES, alias local=...): it is read again under zsh's own.
# Functions keep the options under which they were read: a trace of each keystroke would fill the screen.
if [[ -z ${_delta_reading-} ]]; then
  _delta_reading=${(%):-%x}
  'builtin' 'emulate' 'zsh' '-o' 'no_aliases' '-o' 'no_err_exit' '-o' 'no_xtrace' '-c' 'builtin source "$_delta_reading"'
  'builtin' 'unset' '_delta_reading'
  'builtin' 'return' 0
fi

_delta_load() {
  builtin emulate -L zsh -o extended_glob -o no_err_exit -o no_xtrace
  (( ${+_delta_session} )) && return  # sourced twice
  [[ -o interactive && ! -o restricted ]] || return 0
  zmodload zsh/system zsh/datetime zsh/parameter 2>/dev/null || return 0
  typeset -g _delta_state=${DELTA_STATE_HOME:-${XDG_STATE_HOME:-${HOME-}/.local/state}/delta}
  [[ -O $_delta_state/spool ]] || return 0  # not installed, or another user's shell (sudo -s)
  _delta_now
  typeset -g _delta_session=zsh-$REPLY-$$-$RANDOM$RANDOM
  typeset -g _delta_file= _delta_start= _delta_python= _delta_author=${DELTA_AUTHOR-}
  typeset -gi _delta_fd=-1 _delta_generation=-1 _delta_sequence=-1 _delta_pausing=0 _delta_next_drain=0
  typeset -gi _delta_prompting=0 _delta_socket=-1
  typeset -ga _delta_variables
  local names= name
  { IFS= builtin read -r names <$_delta_state/variables } 2>/dev/null
  _delta_variables=(${(M)${=names}:#[A-Za-z_][A-Za-z0-9_]#})
  for name in CLAUDECODE CURSOR_AGENT CODEX_SANDBOX CODEX_THREAD_ID CODEX_CI GEMINI_CLI OPENCODE QWEN_CODE CLINE_ACTIVE \
    AUGMENT_AGENT AMP_CURRENT_THREAD_ID GOOSE_TERMINAL TRAE_AI_SHELL_ID ANTIGRAVITY_AGENT AI_AGENT; do
    [[ -z $_delta_author && -n ${(P)name-} ]] && _delta_author=$name  # programs that type for a person say so
  done
  typeset -ga preexec_functions precmd_functions zshexit_functions
  preexec_functions+=(_delta_preexec)
  precmd_functions=(_delta_precmd $precmd_functions)  # first: a slow prompt is not part of the command
  zshexit_functions+=(_delta_exit)
}

# A command begins. $1 is the line as typed; it is empty while zsh keeps no history, then $3 is what it runs.
_delta_preexec() {
  builtin emulate -L zsh -o extended_glob -o no_err_exit -o no_xtrace
  builtin trap - DEBUG ZERR  # the person's own are not for us; local traps come with emulate -L
  local command=${1:-${3-}} REPLY= flags= name environment= us=$'\x1f'
  (( _delta_prompting )) && _delta_prompt_ends
  _delta_start=
  [[ $_delta_pausing == 1 || -o restricted ]] && return 0
  [[ $command == (''|[[:space:]]*|:(train|feedback|pause|resume)(|[[:space:]]*)) ]] && return 0
  if [[ -n ${HISTORY_IGNORE-} ]]; then
    { { [[ $command == ${~HISTORY_IGNORE} ]] && return 0 } 2>/dev/null } always { TRY_BLOCK_ERROR=0 }  # it may be no pattern
  fi
  [[ -e $_delta_state/paused ]] && _delta_paused && return 0
  if (( $#command > 32768 )); then
    command=$command[1,32768] flags=c
  fi
  for name in $_delta_variables; do
    [[ -n ${(P)name-} ]] && environment+=$name=${${(P)name}//$us}$us
  done
  _delta_now
  _delta_start=$REPLY
  (( ++_delta_sequence ))
  _delta_write S $_delta_sequence $_delta_start "$flags" "$PWD" "$environment" "$command"
  (( _delta_prompting )) && _delta_write_feedback "$command"
  return 0
}

# A command has ended, or the line was empty.
_delta_precmd() {
  local exit_status=$?
  builtin emulate -L zsh -o extended_glob -o no_err_exit -o no_xtrace
  builtin trap - DEBUG ZERR  # the person's own are not for us; local traps come with emulate -L
  local REPLY=
  if [[ -n $_delta_start ]]; then
    _delta_now
    _delta_write E $_delta_sequence $_delta_start $REPLY $exit_status
    _delta_start=
  fi
  [[ -o restricted ]] && return 0
  (( _delta_prompting )) && _delta_prompt_begins
  # The second test is for a clock that was set back.
  if (( _delta_fd >= 0 && (EPOCHSECONDS >= _delta_next_drain || EPOCHSECONDS < _delta_next_drain - 60) )); then
    (( _delta_next_drain = EPOCHSECONDS + 60 ))
    [[ -s $_delta_state/notice ]] && _delta_notice
    _delta_drain
  fi
  return 0
}

_delta_exit() {
  builtin emulate -L zsh -o extended_glob -o no_err_exit -o no_xtrace
  builtin trap - DEBUG ZERR  # the person's own are not for us; local traps come with emulate -L
  (( _delta_fd >= 0 && ZSH_SUBSHELL == 0 )) || return 0  # `(exit)` comes here too
  _delta_write X
  _delta_drain
  return 0
}

# REPLY: microseconds since the epoch.
_delta_now() {
  builtin emulate -L zsh
  REPLY=${EPOCHREALTIME/[.,]/}
  REPLY=$REPLY[1,16]  # zsh prints nanoseconds
}

# Writes one record with one write(), so that only the last of a file can be torn.
_delta_write() {
  builtin emulate -L zsh
  local REPLY=
  _delta_record "$@"
  # A file that was removed (uninstalled; drained after a long pause) would take the record with it.
  if [[ -e $_delta_file ]]; then
    syswrite -o $_delta_fd -- $REPLY 2>/dev/null && return
  fi
  # Nothing open yet, somebody closed our descriptor, or the disk is full: once more on a new one.
  _delta_open && syswrite -o $_delta_fd -- $REPLY 2>/dev/null
}

# REPLY: a record of type $1 with the other arguments as its fields.
_delta_record() {
  builtin emulate -L zsh
  local rs=$'\x1e' lf=$'\n' nul=$'\0' type=$1
  shift
  if [[ "$*" == *[$rs$lf$nul]* ]]; then
    set -- "${(@)@//$rs/${rs}e}"
    set -- "${(@)@//$lf/${rs}n}"
    set -- "${(@)@//$nul/${rs}0}"
  fi
  REPLY=${rs}1$type${(pj:\0:)@}$lf
}

# Begins the next generation.
_delta_open() {
  builtin emulate -L zsh
  [[ -O $_delta_state/spool ]] || return
  _delta_close
  _delta_file=$_delta_state/spool/$_delta_session.$(( ++_delta_generation ))
  local old=$_delta_state/spool/$_delta_session.$(( _delta_generation - 1000 ))
  [[ -s $old ]] && { : >|$old } 2>/dev/null  # nothing drains: the disk must not fill up
  sysopen -a -w -o creat,excl,cloexec -m 600 -u _delta_fd -- $_delta_file 2>/dev/null || { _delta_fd=-1; return 1 }
  local header
  header=("zsh $ZSH_VERSION" $$ "$HOST" "$USERNAME" "$OSTYPE $CPUTYPE" "$_delta_author")
  syswrite -o $_delta_fd -- $'\x1e1H'"${(pj:\0:)${(@)header//[$'\x1e\n\0']/ }}"$'\n' 2>/dev/null
}

_delta_close() {
  builtin emulate -L zsh
  if (( _delta_fd >= 0 )); then
    exec {_delta_fd}>&-
  fi
  _delta_fd=-1 _delta_file=
}

# Starts a drain that nobody waits for. What is written from now on goes into a new generation: this one can be removed.
_delta_drain() {
  builtin emulate -L zsh
  _delta_close
  # A server that answers drains when it has time.
  (( _delta_socket >= 0 && _delta_silent <= 1 )) && _delta_send D "" && return
  _delta_background delta_learn.collector.record
}

# Runs the module $1, which nobody waits for.
_delta_background() {
  builtin emulate -L zsh
  { IFS= builtin read -r _delta_python <$_delta_state/python } 2>/dev/null
  [[ -x $_delta_python ]] || return
  # A process substitution is no job: it leaves $! and the job table alone.
  : <(exec "$_delta_python" -E -P -m $1 </dev/null >/dev/null 2>&1)
}

# REPLY: what the builtin in the arguments prints. There is no fork-free way but through a file.
_delta_capture() {
  builtin emulate -L zsh
  local scratch=$_delta_state/spool/$_delta_session.text
  local -i fd
  sysopen -w -o creat,trunc,cloexec -m 600 -u fd -- $scratch 2>/dev/null || return
  builtin "$@" >&$fd 2>/dev/null
  exec {fd}>&-
  { REPLY=$(<$scratch) && : >|$scratch } 2>/dev/null
}

# Shows the line that a failed night left, once: the shell that reads it first empties the file. It is data.
_delta_notice() {
  builtin emulate -L zsh
  local text=
  { IFS= builtin read -r text <$_delta_state/notice && : >|$_delta_state/notice } 2>/dev/null || return
  builtin print -r -- "delta_learn: ${text//[[:cntrl:]]}"
}

# True while `delta-learn pause` holds; the file may name the second at which it ends.
_delta_paused() {
  builtin emulate -L zsh
  local until=
  { IFS= builtin read -r until <$_delta_state/paused } 2>/dev/null
  [[ $until != <-> ]] || (( EPOCHSECONDS < until ))
}

_delta_learn() {
  builtin emulate -L zsh
  { IFS= builtin read -r _delta_python <$_delta_state/python } 2>/dev/null
  if [[ ! -x $_delta_python ]]; then
    builtin print -ru2 -- 'delta_learn is not installed any more; run `delta-learn install`.'
    return 1
  fi
  DELTA_SESSION=$_delta_session DELTA_SUGGESTION=${_delta_suggestion-} DELTA_SUGGESTION_AFTER=${_delta_suggestion_after-} \
    "$_delta_python" -E -P -m delta_learn "$@"
}

_delta_load
builtin unfunction _delta_load
(( ${+_delta_session} )) || return 0

if zmodload zsh/net/socket 2>/dev/null; then
  [[ $_delta_reading == eval ]] || builtin source "${_delta_reading:A:h}/prompt.zsh" 2>/dev/null
  [[ $_delta_reading == eval ]] || builtin source "${_delta_reading:A:h}/ghost.zsh" 2>/dev/null
  [[ $_delta_reading == eval ]] || builtin source "${_delta_reading:A:h}/keys.zsh" 2>/dev/null
  [[ $_delta_reading == eval ]] || builtin source "${_delta_reading:A:h}/feedback.zsh" 2>/dev/null
  (( ${+functions[_delta_prompt_begins]} && ${+functions[_delta_draw]} && ${+functions[_delta_bind_keys]} &&
    ${+functions[_delta_write_feedback]} )) && _delta_prompting=1
fi

:train() {
  builtin emulate -L zsh
  case ${1-} in
    add|feedback) _delta_learn "$1" -- "$@[2,-1]" ;;
    status) _delta_learn status --short ;;
    now) _delta_learn train --background ;;
    *) if (( $# == 2 )); then _delta_learn teach -- "$@"; else _delta_usage; fi ;;
  esac
}

:feedback() {
  builtin emulate -L zsh
  case "$#:${1-}" in
    1:helpful|1:unhelpful) _delta_learn feedback "$1" ;;
    *) _delta_usage ;;
  esac
}

:pause() {
  builtin emulate -L zsh
  _delta_pausing=1
  builtin print -r -- 'delta_learn: this shell records nothing until `:resume`.'
}

:resume() {
  builtin emulate -L zsh
  _delta_pausing=0
  builtin print -r -- 'delta_learn: this shell records again.'
  [[ -e $_delta_state/paused ]] && _delta_paused && builtin print -r -- 'All shells are paused; end that with `delta-learn resume`.'
  return 0
}

_delta_usage() {
  builtin emulate -L zsh
  builtin print -ru2 -l -- 'usage: :train "WHEN" "THEN"          after WHEN, THEN is what I do' \
    '       :train add "COMMAND" "MEANING"  weigh it more; `# MEANING` finds it' \
    '       :train feedback "TEXT"' '       :train status | now' '       :feedback helpful | unhelpful'
  return 2
}
