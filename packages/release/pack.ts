import { execFile } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What others get of a package of this project. */
interface Published {
  /** Folder below `packages`. */
  readonly folder: string;
  /** What others may import: files of the package, without their endings. */
  readonly exports: readonly string[];
  /** Programs of the README, which nothing imports. */
  readonly examples: readonly string[];
  /** Files of packages that are not published, which come with this one. */
  readonly bundled: readonly string[];
}

const published: readonly Published[] = [
  {
    folder: "http2",
    exports: ["server/index", "client/index"],
    examples: ["examples/server", "examples/client"],
    bundled: [],
  },
  {
    folder: "connect",
    exports: ["adapter/adapter", "listener/listener"],
    examples: ["example/server"],
    bundled: ["errors/quote"],
  },
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Compiles the published packages and makes their tarballs.
 *
 * @param folder folder for the tarballs
 * @returns their paths, a package before those that depend on it
 * @throws Error when the compiler or npm fails, with what they said
 */
export async function packAll(folder: string): Promise<string[]> {
  using work = mkdtempDisposableSync(join(tmpdir(), "unblock-pack-"));
  mkdirSync(folder, { recursive: true });
  await compile(work.path);
  const tarballs: string[] = [];
  for (const one of published) {
    const staged = stage(one, work.path);
    const args = ["pack", "--json", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: staged });
    const [{ filename }]: [{ filename: string }] = JSON.parse(stdout);
    tarballs.push(join(folder, filename));
  }
  return tarballs;
}

/** Compiles what the packages export, with all that it imports, into `work/out`. */
async function compile(work: string): Promise<void> {
  const files = published.flatMap(({ folder, exports, examples, bundled }) => [
    ...[...exports, ...examples].map((file) => join(root, "packages", folder, `${file}.ts`)),
    ...bundled.map((file) => join(root, "packages", `${file}.ts`)),
  ]);
  const compilerOptions = {
    noEmit: false,
    outDir: join(work, "out"),
    rootDir: root,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    target: "es2023",
    typeRoots: [join(root, "node_modules/@types")],
  };
  const config = join(work, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions, files, include: [] }),
  );
  await run(join(root, "node_modules/.bin/tsc"), ["-p", config]);
}

/** Puts together the folder of a package. @returns its path */
function stage({ folder, exports, bundled }: Published, work: string): string {
  const source = join(root, "packages", folder);
  const staged = join(work, folder);
  cpSync(join(work, "out/packages", folder), staged, { recursive: true });
  copyFileSync(join(source, "README.md"), join(staged, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(staged, "LICENSE"));
  const manifest = readManifest(folder);
  const imported = importsIn(staged);
  const bundles = [...new Set(bundled.map(dirname))];
  for (const other of bundles) {
    bundle(other, work, staged);
  }
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies ?? {}).filter(([name]) => imported.includes(name)),
  );
  const { name, version, description, license } = manifest;
  writeManifest(staged, {
    ...{ name, version, description, license, type: "module", engines: { node: ">=22" } },
    exports: exportsOf(manifest, (file) => exports.includes(file)),
    dependencies,
    bundleDependencies: bundles.map((other) => `@unblock/${other}`),
  });
  return staged;
}

/** Puts a package that is not published itself into the one that needs it. */
function bundle(folder: string, work: string, staged: string): void {
  const manifest = readManifest(folder);
  const { name, version, license } = manifest;
  const target = join(staged, "node_modules", name);
  cpSync(join(work, "out/packages", folder), target, { recursive: true });
  writeManifest(target, {
    ...{ name, version, license, type: "module" },
    exports: exportsOf(manifest, (file) => existsSync(join(target, `${file}.js`))),
  });
}

/** Returns the exports of a package as they are after compilation. */
function exportsOf({ exports }: Manifest, isExported: (file: string) => boolean) {
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, path]) => {
      const file = path.replace(/^\.\//, "").replace(/\.ts$/, "");
      return isExported(file) ? [[name, { types: `./${file}.d.ts`, default: `./${file}.js` }]] : [];
    }),
  );
}

/** Returns the packages that the compiled files of a folder import. */
function importsIn(folder: string): string[] {
  const names = globSync("**/*.js", { cwd: folder }).flatMap((file) => {
    const code = readFileSync(join(folder, file), "utf8");
    const specifiers = code.matchAll(/(?:from|import) ?\(?"((?:@[^/"]+\/)?[^./"][^/"]*)[^"]*"/g);
    return [...specifiers].map(([, name = ""]) => name).filter((name) => !name.startsWith("node:"));
  });
  return [...new Set(names)].sort();
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
}

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

const example = `
Example:
  npm run pack -- --folder /tmp/tarballs
  npm install /tmp/tarballs/*.tgz`;

if (import.meta.main) {
  const { folder } = new Command("npm run pack --")
    .description(
      "Makes npm packages of packages/http2 and packages/connect, compiled to JavaScript.",
    )
    .option("--folder <path>", "folder for the tarballs", ".unblock/packages")
    .addHelpText("after", example)
    .allowExcessArguments(false)
    .parse()
    .opts<{ readonly folder: string }>();
  try {
    process.stderr.write("compiling\n");
    for (const tarball of await packAll(resolve(folder))) {
      process.stdout.write(`${tarball}\n`);
    }
  } catch (error) {
    fail(error);
  }
}
