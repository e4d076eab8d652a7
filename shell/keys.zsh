# delta_learn: the keys that take a suggestion, read by delta.zsh, whose rules hold here too. shell/README.md has the table.

typeset -gi _delta_bound=0

# The widgets are called NAME:WHAT, where WHAT is what their key did before, and still does where nothing is suggested.
_delta_otherwise() {
  builtin emulate -L zsh
  [[ ${WIDGET#*:} == undefined-key ]] || zle "${WIDGET#*:}" -- "$@"
}

_delta_accept() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_stands || { _delta_otherwise "$@"; return }
  _delta_take "${_delta_ghost#"$BUFFER"}"
}

_delta_word() {
  builtin emulate -L zsh -o extended_glob
  builtin trap - DEBUG ZERR
  _delta_stands || { _delta_otherwise "$@"; return }
  local rest=${_delta_ghost#"$BUFFER"}
  _delta_take "${(M)rest##[[:space:]]#[^[:space:]]##[[:space:]](#c0,1)}"
}

# Up to the next boundary inside a path or a name: what forward-word does where WORDCHARS is empty.
_delta_part() {
  builtin emulate -L zsh -o extended_glob
  builtin trap - DEBUG ZERR
  _delta_stands || { _delta_otherwise "$@"; return }
  local rest=${_delta_ghost#"$BUFFER"}
  _delta_take "${(M)rest##[[:space:]]#[^[:space:]\/=:,.@_-]#[\/=:,.@_-]#[[:space:]](#c0,1)}"
}

# Inserts $1, the beginning of what is missing; all of it where that is empty. The end of a command that destroys needs two keys.
_delta_take() {
  builtin emulate -L zsh
  local text=${1:-${_delta_ghost#"$BUFFER"}}
  (( ++_delta_keys ))
  local here="$#BUFFER $_delta_ghost"
  if [[ $_delta_marks[_delta_choice] == *d* && $BUFFER$text == "$_delta_ghost" && $_delta_armed != "$here" ]]; then
    _delta_armed=$here
    _delta_post
    zle -M 'This cannot be undone: the same key again takes it.'
    return 0
  fi
  _delta_note_taken "$text" $(( $#BUFFER + $#text ))
  BUFFER+=$text
  CURSOR=$#BUFFER
  POSTDISPLAY=${_delta_ghost#"$BUFFER"}
  (( ${+functions[_zsh_autosuggest_fetch]} && ${+widgets[autosuggest-fetch]} )) && zle autosuggest-fetch
  return 0
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

_delta_cycle() {
  builtin emulate -L zsh
  local -i place=$_delta_choice tries=$#_delta_texts
  _delta_stands || place=$(( $1 > 0 ? 0 : 1 ))
  while (( tries-- )); do
    place=$(( (place + $1 - 1 + $#_delta_texts) % $#_delta_texts + 1 ))
    if [[ $_delta_texts[place] == "$BUFFER"?* ]]; then
      (( ++_delta_keys ))
      _delta_choice=$place _delta_chosen=1 _delta_hidden= _delta_ghost=$_delta_texts[place]
      _delta_draw
      return 0
    fi
  done
  return 1
}

# Never again what is shown: neither by what has come already nor by what is under way.
_delta_never() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_stands || { _delta_otherwise "$@"; return }
  local line=$_delta_ghost
  _delta_hide
  _delta_forget_suggestions
  _delta_unanswered=0
  _delta_ask N "$line" || { _delta_connect && _delta_ask N "$line" }
}

# Menus draw the line by themselves, with what stood behind it before.
_delta_complete() {
  builtin emulate -L zsh
  builtin trap - DEBUG ZERR
  _delta_hide
  _delta_busy=1
  zle "${WIDGET#*:}" -- "$@"
}

# Takes the keys that do what they did in zsh itself, or in most people's files. Once a shell, when all of these are read. In vi
# mode no key begins with Escape that is no cursor key: Escape and the next key are often typed in less time than zsh waits.
_delta_bind_keys() {
  builtin emulate -L zsh
  local map=
  _delta_bound=1
  for map in emacs viins; do
    _delta_bind $map accept '(vi-|)(forward-char|end-of-line)' '^[[C' '^[OC' '^[[F' '^[OF' '^[[4~' '^[[8~' '^E'
    _delta_bind $map part '(emacs-|vi-|)forward-word' '^[[1;5C'
    _delta_bind $map never '' '^Xn'
    _delta_bind $map complete '?*' '^I'
  done
  _delta_bind emacs word '(emacs-|)forward-word' '^[f'
  _delta_bind emacs next 'history-search-forward' '^[n'
  _delta_bind emacs previous 'history-search-backward' '^[p'
  _delta_bind viins word '' '^X^W'
  _delta_bind viins next '' '^X^N'
  _delta_bind viins previous '' '^X^P'
}

# Binds the widget $2 in keymap $1: to the keys in its variable; where there is none, to those of the other arguments that are
# bound to nothing, or as the pattern $3 says.
_delta_bind() {
  builtin emulate -L zsh
  local map=$1 widget=_delta_$2 usual=$3 variable=DELTA_${(U)2}_KEYS key= present= IFS=$' \t\n' REPLY=
  local -i wanted=${(P)+variable}
  shift 3
  (( ! wanted )) || set -- ${(P)=variable}
  for key; do
    _delta_find_binding $map "$key" || continue
    present=${REPLY:-undefined-key}
    [[ $present == _delta_* ]] && continue
    if (( ! wanted )); then
      [[ $REPLY == (undefined-key|$~usual) ]] || continue
      if [[ $key == '^X'* ]]; then  # not behind a key that the person uses
        _delta_find_binding $map '^X' && [[ $REPLY == (undefined-key|self-insert) ]] || continue
      fi
    fi
    zle -N "$widget:$present" $widget
    builtin bindkey -M $map -- "$key" "$widget:$present"
  done
}

# REPLY: the widget of key $2 in keymap $1; empty where it types a text.
_delta_find_binding() {
  builtin emulate -L zsh
  _delta_capture bindkey -M $1 -L -- "$2" || return
  [[ -n $REPLY ]] || return
  if [[ $REPLY == 'bindkey -s '* ]]; then REPLY=; else REPLY=${(Q)${(z)REPLY}[-1]}; fi
}
