/** The completion scripts of the shells, which call the command itself. */

/** The shells for which there are scripts. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** The markers that tell the shell to complete files or folders itself. */
export const FILES = ":files";
export const FOLDERS = ":folders";

/**
 * The script of each shell. It passes the words up to the cursor to `keyturn completion words`, which writes one
 * candidate per line.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# keyturn completion bash
_keyturn() {
  local cur=\${COMP_WORDS[COMP_CWORD]} out IFS=$'\\n'
  COMPREPLY=()
  out=$("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return 0
  [[ $cur == = ]] && cur=
  case $out in
    ${FILES}*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
    ${FOLDERS}*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
    *) COMPREPLY=($(printf '%s\\n' "$out" | cut -f 1)) ;;
  esac
}
complete -F _keyturn keyturn
`,
  zsh: `#compdef keyturn
# keyturn completion zsh
_keyturn() {
  local -a found items
  local line
  found=("\${(@f)$("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $found[1] in
    ${FILES}) _files ;;
    ${FOLDERS}) _files -/ ;;
    *)
      for line in $found; do items+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); done
      _describe keyturn items
      ;;
  esac
}
if [[ $funcstack[1] == _keyturn ]]; then _keyturn "$@"; else compdef _keyturn keyturn; fi
`,
  fish: `# keyturn completion fish
function __keyturn_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    set -l program $tokens[1]
    set -e tokens[1]
    set -l found ($program completion words -- $tokens "$current" 2>/dev/null)
    switch "$found[1]"
        case '${FILES}'
            __fish_complete_path "$current"
        case '${FOLDERS}'
            __fish_complete_directories "$current" ''
        case '*'
            string join \\n -- $found
    end
end
complete -c keyturn -f -a '(__keyturn_complete)'
`,
};

/** The instructions to use each script. */
export const USES: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(keyturn completion bash)" in ~/.bashrc',
  zsh: 'keyturn completion zsh > "$fpath[1]/_keyturn"',
  fish: "keyturn completion fish > ~/.config/fish/completions/keyturn.fish",
};
