//! Build steps that are skipped when nothing changed.

use super::{Result, tools::Tools};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

/// A step whose outputs depend only on its inputs and on this program.
pub struct Step<'a> {
    /// The name of the product, and of the step's stamp.
    pub name: &'a str,
    /// Files, and folders with everything below them.
    pub inputs: Vec<PathBuf>,
    /// Paths that must exist for the step to be skipped. Files in them that are inputs are not hashed.
    pub outputs: Vec<PathBuf>,
}

impl Step<'_> {
    /// Does the work, unless it was already done for the same inputs.
    pub fn run(&self, tools: &Tools, work: impl FnOnce() -> Result) -> Result {
        let stamp = tools.scratch.join(self.name).with_extension("stamp");
        let hash = self.hash()?;
        let done = fs::read_to_string(&stamp).is_ok_and(|before| before == hash);
        if done && self.outputs.iter().all(|output| output.exists()) {
            return Ok(());
        }
        println!("keyturn: building {}", self.name);
        let _ = fs::remove_file(&stamp);
        work().map_err(|error| format!("building {}: {error}", self.name))?;
        fs::create_dir_all(&tools.scratch)?;
        fs::write(&stamp, hash)?;
        Ok(())
    }

    fn hash(&self) -> Result<String> {
        let mut hasher = DefaultHasher::new();
        // This program is an input of everything that it does.
        let program = std::env::current_exe()?;
        for input in self.inputs.iter().chain([&program]) {
            for file in files_below(input)? {
                if self.outputs.iter().any(|output| file.starts_with(output)) {
                    continue;
                }
                file.hash(&mut hasher);
                fs::read(&file)?.hash(&mut hasher);
            }
        }
        Ok(format!("{:016x}", hasher.finish()))
    }
}

/// Returns the file itself, or every file below a folder, in order; nothing if the path does not exist.
pub fn files_below(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(if path.exists() { vec![path.to_path_buf()] } else { Vec::new() });
    }
    let mut entries =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let below = entries.iter().map(|entry| files_below(entry)).collect::<io::Result<Vec<_>>>()?;
    Ok(below.concat())
}
