//! The programs that a build runs.

use super::Result;
use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// The locations of programs and files.
pub struct Tools<'a> {
    /// The repository.
    pub root: &'a Path,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// A folder for intermediate files. It is on the disk of the repository, because results are moved from here.
    pub scratch: PathBuf,
}

impl<'a> Tools<'a> {
    pub fn new(root: &'a Path) -> Self {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        let scratch = root.join("target/keyturn");
        Self { root, target, scratch }
    }

    /// Runs the cargo that runs this program.
    pub fn cargo(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result {
        self.run(cargo().args(args))
    }

    /// Runs cargo for shipped code: small, and without paths of this machine, which panic messages would contain.
    pub fn cargo_for_shipping(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let folders = [home.as_deref().map(|home| (home, "cargo")), Some((self.root, "keyturn"))];
        let remap = |(folder, name): (&Path, &str)| format!("--remap-path-prefix={}={name}", folder.display());
        let mut flags: Vec<String> = folders.into_iter().flatten().map(remap).collect();
        // When optimizing for speed, LLVM treats every `#[inline]` of the standard library as permission to copy up to
        // 325 instructions. With the limit of other functions the core is 1.7 KB (brotli) smaller and equally fast.
        flags.push("-Cllvm-args=-inlinehint-threshold=45".to_owned());
        self.run(cargo().args(args).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")))
    }

    /// Runs wasm-bindgen's command-line tool in the version of the crates.
    pub fn bindgen(&self, args: &[&str]) -> Result {
        let bindgen = ["run", "--quiet", "--package=keyturn-bindgen", "--bin=bindgen", "--"];
        self.cargo(bindgen.iter().chain(args))
    }

    /// Runs a tool that is an npm dependency.
    pub fn node(&self, tool: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result {
        self.node_script(Path::new("node_modules").join(tool), args)
    }

    /// Runs a script of this repository.
    pub fn node_script(&self, script: impl AsRef<OsStr>, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result {
        self.run(Command::new("node").arg(script).args(args))
    }

    fn run(&self, command: &mut Command) -> Result {
        let program = command.get_program().to_string_lossy().into_owned();
        match command.current_dir(self.root).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
                Err(format!("`{program} {}` ended with {status}", args.join(" ")).into())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(format!("{program} is not in PATH; `node xtask/setup.mjs` says what is needed").into())
            }
            Err(error) => Err(format!("{program}: {error}").into()),
        }
    }
}

/// Returns the cargo that runs this program, without the variables that describe this program's package. Build scripts
/// of dependencies, above all that of `ring`, read these variables: if they changed, the scripts and everything that
/// depends on them would be compiled again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| text.starts_with(prefix))
            || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&&*text)
        {
            command.env_remove(name);
        }
    }
    command
}
