import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** The imports of one source file. */
export interface FileImports {
  /** The path of the file, relative to the project, with slashes. */
  readonly file: string;
  /** The files of the project that the file imports, types, dynamic imports and workers included. */
  readonly files: readonly string[];
  /** The modules outside of the project that the file imports, as written. */
  readonly modules: readonly string[];
}

/** Matches the file of a worker or a process that a module starts beside itself. */
const STARTED_FILE = /new URL\(\s*(['"])(\.[^'"]+)\1,\s*import\.meta\.url/g;
const TYPE_IMPORT = /\bimport\(\s*(['"])([^'"]+)\1\s*\)/g;

/**
 * Reads the imports of TypeScript files.
 *
 * @param project the project's folder
 * @param files paths relative to the project
 * @throws {Error} if a file cannot be parsed
 */
export function readImports(project: string, files: readonly string[]): FileImports[] {
  return files.map((file) => {
    const source = readFileSync(join(project, file), 'utf8');
    const specifiers = [...new Set(specifiersOf(file, source))];
    return {
      file,
      files: specifiers
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.normalize(posix.join(dirname(file), specifier)))
        .filter((path) => /\.[cm]?ts$/.test(path)),
      modules: specifiers.filter((specifier) => !specifier.startsWith('.')),
    };
  });
}

function specifiersOf(file: string, source: string): string[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...[...source.matchAll(TYPE_IMPORT), ...source.matchAll(STARTED_FILE)].map(([, , specifier]) => specifier ?? ''),
  ];
}

/** The folders that each folder imports from, itself excluded. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns the import graph of folders from the imports of their files. */
export function folderGraph(imports: readonly FileImports[]): FolderGraph {
  const graph = new Map<string, Set<string>>();
  for (const { file, files } of imports) {
    const folder = posix.dirname(file);
    const edges = graph.get(folder) ?? new Set();
    for (const imported of files.map((path) => posix.dirname(path))) if (imported !== folder) edges.add(imported);
    graph.set(folder, edges);
  }
  return graph;
}
