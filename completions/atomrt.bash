# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of atomrt(1) for bash.

# PROGRAM and what follows it are completed as if they stood alone, where bash-completion can do that.
_atomrt_program() { # the index of PROGRAM
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif [ "$COMP_CWORD" -eq "$1" ]; then
    mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  fi
}

_atomrt() {
  local word=${COMP_WORDS[COMP_CWORD]} index before
  COMPREPLY=()
  # bash breaks words at = too: "--stats" "=" "FILE".
  for ((index = 1; index < COMP_CWORD; ++index)); do
    case ${COMP_WORDS[index]} in
      --contexts | --interval | --max-threads | --order | --pending | --stats-format | --stats-of | --top | --trace | --trace-limit) [ "${COMP_WORDS[index + 1]}" = = ] || index=$((index + 1)) ;;
      --)
        _atomrt_program $((index + 1))
        return
        ;;
      =) index=$((index + 1)) ;;
      -*) ;;
      *)
        _atomrt_program "$index"
        return
        ;;
    esac
  done
  before=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$word" = = ] || [ "$before" = = ]; then
    [ "$word" = = ] && word='' || before=${COMP_WORDS[COMP_CWORD - 2]}
    case $before in --stats | --counters | --trace) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;; esac
  fi
  case $before in
    --contexts)
      local chosen=''
      case $word in *,*) chosen=${word%,*}, ;; esac
      mapfile -t COMPREPLY < <(compgen -P "$chosen" -W 'head direct ring waiter threads' -- "${word##*,}")
      ;;
    --pending | --top) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && printf '%s ' [0-9]*)" -- "$word") ;;
    --stats-of) mapfile -t COMPREPLY < <(compgen -f -W "$(cd /proc && printf '%s ' [0-9]*)" -- "$word") ;;
    --trace) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --stats-format) mapfile -t COMPREPLY < <(compgen -W 'text json prometheus' -- "$word") ;;
    --interval | --trace-limit) ;;
    --order) mapfile -t COMPREPLY < <(compgen -W 'any calls' -- "$word") ;;
    --max-threads | --stats | --compare | --counters) [ "${COMP_WORDS[COMP_CWORD - 1]}" = = ] || [ "$before" = --max-threads ] ||
      _atomrt_options_or_program "$word" ;;
    *) _atomrt_options_or_program "$word" ;;
  esac
}

_atomrt_options_or_program() { # WORD
  case $1 in
    -*)
      mapfile -t COMPREPLY < <(compgen -W '--compare --contexts --counters --deep --doctor --explain --help --interval
        --json --max-threads --order --pending --print-preload --stats --stats-format --stats-of --top --trace --trace-limit --verbose --version -h -V --' -- "$1")
      ;;
    *) _atomrt_program "$COMP_CWORD" ;;
  esac
}

complete -F _atomrt atomrt
