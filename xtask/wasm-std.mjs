// The Rust standard library for wasm32-unknown-unknown. `rustup target add` is the usual way; the others are for
// machines that can reach Debian's archive or a folder beside the clone, but not Rust's own servers. There is no
// rust-toolchain.toml that lists the target, because it would make every cargo call fail on such a machine.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, output, root, run, StepError, say } from "./steps.mjs";

const TARGET = "wasm32-unknown-unknown";
/** Suites of Debian that carry compilers newer than its stable release. */
const SUITES = ["trixie-backports", "testing", "unstable"];

/** Makes the target's standard library available to `rustc`, in the first way that works. */
export function setUpWasmStd() {
  const libraries = output("rustc", ["--print", "target-libdir", "--target", TARGET]);
  if (libraries === undefined) throw new StepError(`this rustc does not know the target ${TARGET}`);
  if (isComplete(libraries)) return;
  const version = /^release: (\d+\.\d+\.\d+)/m.exec(output("rustc", ["-vV"]) ?? "")?.[1];
  const ways = [viaRustup, viaDebianSource, viaFolderBeside];
  for (const way of ways) {
    try {
      way({ libraries, version });
      if (isComplete(libraries)) return;
    } catch (error) {
      if (!(error instanceof StepError) && error.code !== "EACCES" && error.code !== "EROFS") throw error;
      say(`that did not work: ${error.message}`);
    }
  }
  throw new StepError(
    `the standard library of Rust ${version} for ${TARGET} is needed. Try \`rustup target add ${TARGET}\``,
  );
}

/** Returns whether the library is complete: std for the core, test for `cargo test`. */
function isComplete(libraries) {
  const names = existsSync(libraries) ? readdirSync(libraries) : [];
  return ["libstd-", "libtest-"].every((start) =>
    names.some((name) => name.startsWith(start) && name.endsWith(".rlib")),
  );
}

function viaRustup() {
  if (!findProgram("rustup")) return;
  say(`adding Rust's standard library for ${TARGET} (rustup)`);
  run("rustup", ["target", "add", TARGET], { timeout: 90_000 });
}

/** Builds the library from the source of the same upstream version, which Debian packages as `rust-src`. */
function viaDebianSource({ libraries, version }) {
  const source = join(output("rustc", ["--print", "sysroot"]), "lib/rustlib/src/rust");
  const work = mkdtempSync(join(tmpdir(), "keyturn-rust-src-"));
  try {
    if (!existsSync(join(source, "library/std"))) {
      if (!findProgram("apt-get") || !findProgram("dpkg")) return;
      say(`fetching Debian's rust-src ${version}`);
      const unpacked = fetchDebianSource(work, version);
      install(join(source, "library"), (folder) =>
        cpSync(join(unpacked, "library"), folder, { recursive: true, verbatimSymlinks: true }),
      );
    }
    say(`building Rust's standard library for ${TARGET} from source (about half a minute)`);
    buildStd(work, libraries);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Downloads and unpacks `rust-src` without changing the machine's own apt sources: the lists are in a separate folder,
 * and only the archive's address is read from the machine.
 */
function fetchDebianSource(work, version) {
  const archive = debianArchive();
  if (archive === undefined) throw new StepError("no Debian archive among this machine's apt sources");
  const file = (name) => join(work, name);
  for (const folder of ["parts", "lists/partial", "cache/archives/partial", "unpacked"])
    mkdirSync(file(folder), { recursive: true });
  const options = [
    "-qq",
    ...[
      "Dir::Etc::SourceList=/dev/null",
      `Dir::Etc::SourceParts=${file("parts")}`,
      `Dir::State::Lists=${file("lists")}`,
    ],
    ...[
      `Dir::Cache=${file("cache")}`,
      "Dir::State::Status=/dev/null",
      "Acquire::Languages=none",
      "APT::Sandbox::User=",
    ],
  ].flatMap((option) => (option.startsWith("-") ? [option] : ["-o", option]));
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const signed = existsSync(keyring) ? `Signed-By: ${keyring}\n` : "";
  for (const suite of SUITES) {
    writeFileSync(
      file("parts/rust.sources"),
      `Types: deb\nURIs: ${archive}\nSuites: ${suite}\nComponents: main\n${signed}`,
    );
    if (output("apt-get", [...options, "update"], { timeout: 60_000 }) === undefined) continue;
    const known = output("apt-cache", [...options, "madison", "rust-src"]) ?? "";
    const found = known
      .split("\n")
      .map((line) => line.split("|")[1]?.trim() ?? "")
      .find((candidate) => candidate.startsWith(`${version}+`));
    if (found === undefined) continue;
    run("apt-get", [...options, "download", `rust-src=${found}`], { cwd: work, timeout: 300_000 });
    const debs = readdirSync(work).filter((name) => name.endsWith(".deb"));
    run("dpkg", ["-x", file(debs[0]), file("unpacked")]);
    // The package keeps the sources in a versioned folder, and links to it.
    const sources = readdirSync(file("unpacked/usr/src")).map((name) => file(`unpacked/usr/src/${name}`));
    const library = sources.find((path) => statSync(path).isDirectory() && existsSync(join(path, "library/std")));
    if (library !== undefined) return library;
  }
  throw new StepError(`Debian has no rust-src ${version} in ${SUITES.join(", ")}`);
}

/** Returns the address of the Debian archive that this machine installs from, in either form of apt's source lists. */
function debianArchive() {
  const folder = "/etc/apt/sources.list.d";
  const files = [
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
    "/etc/apt/sources.list",
  ];
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))) {
    const addresses = readFileSync(file, "utf8").matchAll(
      /^(?:URIs:|deb\s+(?:\[.*?\]\s*)?)\s*(\S+\/debian\/?)(?:\s|$)/gm,
    );
    for (const [, address] of addresses) return address;
  }
  return undefined;
}

function buildStd(work, libraries) {
  const crate = join(work, "empty");
  mkdirSync(join(crate, "src"), { recursive: true });
  writeFileSync(join(crate, "Cargo.toml"), '[package]\nname = "empty"\nedition = "2021"\n\n[workspace]\n');
  writeFileSync(join(crate, "src/lib.rs"), "");
  const env = {
    ...process.env,
    // build-std is unstable; this makes the stable compiler allow it for this one build.
    RUSTC_BOOTSTRAP: "1",
    // Without bitcode, the release profile's link-time optimization could not include std.
    RUSTFLAGS: "-Cembed-bitcode=yes",
    CARGO_TARGET_DIR: join(work, "target"),
  };
  run("cargo", ["build", "--quiet", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort,panic_unwind,test"], {
    cwd: crate,
    env,
  });
  const built = join(work, "target", TARGET, "release/deps");
  install(libraries, (folder) => {
    for (const name of readdirSync(built).filter((name) => name.endsWith(".rlib"))) {
      if (!name.startsWith("libempty")) cpSync(join(built, name), join(folder, name));
    }
  });
}

/**
 * As the last resort, uses the built library from a folder beside the clone, if it was put there for this very
 * compiler.
 */
function viaFolderBeside({ libraries, version }) {
  const archive = join(root, `../shared/toolchain/wasm32-std-${version}.tar.xz`);
  if (!existsSync(archive)) return;
  say(`unpacking ${archive}`);
  const work = mkdtempSync(join(tmpdir(), "keyturn-wasm-std-"));
  try {
    run("tar", ["-xJf", archive, "-C", work]);
    install(libraries, (folder) => cpSync(join(work, TARGET, "lib"), folder, { recursive: true }));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Fills one of the compiler's folders in one move, so that an interrupted set-up leaves nothing half done. */
function install(folder, fill) {
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  fill(fresh);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
