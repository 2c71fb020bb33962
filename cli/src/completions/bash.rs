//! For bash, without the package bash-completion.

use super::quoted;
use crate::command::{Count, Entry, Kind};
use std::fmt::Write;

/// Finds the subcommand, which comes first, then reads the words up to the cursor. Bash also splits words at
/// `=`, `:` and `@`.
const HEAD: &str = r#"# bash completion of influx-edge
_influx_edge() {
    local cur=${COMP_WORDS[COMP_CWORD]} path= option= joined= raw= operand=0 words= kind= i word
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case $path/${COMP_WORDS[i]} in
        @PATHS@) path+=/${COMP_WORDS[i]} ;;
        *) break ;;
        esac
    done
    for (( ; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == [=:@]* ]]; then
            joined=1
        elif [[ $joined || $option ]]; then
            joined= option=
        elif [[ $raw || $word != -?* ]]; then
            operand=$((operand + 1))
        elif [[ $word == -- ]]; then
            raw=1
        else
            case "$path $word" in
            @VALUED@) option=$word ;;
            esac
        fi
    done
    if [[ $cur == [=:@] ]]; then
        cur= joined=1
    fi
    if [[ $option ]]; then
        case "$path $option" in
"#;

const TAIL: &str = r#"        esac
    fi
    case $kind in
    file) compopt -o default 2>/dev/null ;;
    directory) compopt -o dirnames 2>/dev/null ;;
    *)
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -W "$words" -- "$cur")
        ;;
    esac
}
complete -F _influx_edge influx-edge
"#;

pub(super) fn script(entries: &[Entry]) -> String {
    let paths = entries.iter().map(|entry| slashed(&entry.path));
    let mut valued = Vec::new();
    let (mut values, mut options, mut operands) = (String::new(), String::new(), String::new());
    arm(&mut options, "''", Kind::Choice(&["--help", "--version"]));
    let top = entries.iter().filter(|entry| !entry.path.contains(' '));
    let top: Vec<_> = top.map(|entry| entry.command.name).collect();
    words_arm(&mut operands, "' 0'", &top.join(" "));
    for entry in entries {
        let path = slashed(&entry.path);
        let mut names = Vec::new();
        for opt in entry.command.options() {
            let long = format!("--{}", opt.long);
            if opt.value.is_some() {
                let mut pattern = format!("'{path} {long}'");
                if let Some(short) = opt.short {
                    let _ = write!(pattern, " | '{path} -{short}'");
                }
                arm(&mut values, &pattern, opt.kind);
                valued.push(pattern);
            }
            names.push(long);
        }
        words_arm(&mut options, &path, &names.join(" "));
        let nested = entry.command.commands.iter().map(|command| command.name);
        let nested: Vec<_> = nested.collect();
        if !nested.is_empty() {
            words_arm(&mut operands, &format!("'{path} 0'"), &nested.join(" "));
        }
        for (index, operand) in entry.command.operands.iter().enumerate() {
            let pattern = match operand.count {
                Count::Any => format!("'{path} '*"),
                Count::One | Count::Optional => format!("'{path} {index}'"),
            };
            arm(&mut operands, &pattern, operand.kind);
        }
    }
    let head = HEAD
        .replace("@PATHS@", &paths.collect::<Vec<_>>().join(" | "))
        .replace("@VALUED@", &valued.join(" | "));
    format!(
        "{head}{values}        esac\n    elif [[ $joined ]]; then\n        return\n    \
         elif [[ ! $raw && $cur == -* ]]; then\n        case $path in\n{options}        esac\n    \
         else\n        case \"$path $operand\" in\n{operands}{TAIL}"
    )
}

/// `/spool/list`
fn slashed(path: &str) -> String {
    format!("/{}", path.replace(' ', "/"))
}

/// Appends the arm that completes a value of this kind. Text has no completion.
fn arm(arms: &mut String, pattern: &str, kind: Kind) {
    let _ = match kind {
        Kind::Text => writeln!(arms, "        {pattern}) ;;"),
        Kind::File => writeln!(arms, "        {pattern}) kind=file ;;"),
        Kind::Directory => writeln!(arms, "        {pattern}) kind=directory ;;"),
        Kind::Choice(choice) => {
            words_arm(arms, pattern, &choice.join(" "));
            Ok(())
        }
    };
}

fn words_arm(arms: &mut String, pattern: &str, words: &str) {
    let _ = writeln!(arms, "        {pattern}) words={} ;;", quoted(words));
}
