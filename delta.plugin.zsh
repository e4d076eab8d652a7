# For plugin managers (zinit, antidote, oh-my-zsh custom plugins, ...).
builtin source "${0:A:h}/shell/delta.zsh"
