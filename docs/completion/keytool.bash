# shellcheck shell=bash
# Completion of keytool(1) for bash: source it, or put it into /usr/share/bash-completion/completions/keytool.
_keytool() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="init maintain rotate revoke publish status check policy import export backup restore log"
  local options="--directory --config --json --quiet --verbose --dry-run --help --version --alg --group --force --reason
    --yes --and-standby --after --exit-unchanged --check --user --server --public --signer --from-env --private
    --passphrase"
  case $before in
    --alg) mapfile -t COMPREPLY < <(compgen -W "ES256 EdDSA RS256" -- "$word") ;;
    --server) mapfile -t COMPREPLY < <(compgen -W "apache lighttpd nginx" -- "$word") ;;
    --group) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
    -d | --directory) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    -c | --config | --passphrase | import | backup | restore) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --reason | --after) COMPREPLY=() ;;
    *)
      case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
      esac
      ;;
  esac
}
complete -F _keytool keytool
