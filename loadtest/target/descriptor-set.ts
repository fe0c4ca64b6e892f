import { readFile } from "node:fs/promises";
import {
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";

type FileDescriptorProto = wkt.FileDescriptorProto;
const { FileDescriptorSetSchema } = wkt;

/** Protobuf's own files, which descriptor sets and servers often omit. */
export const wellKnownFiles = new Map(
  Object.values(wkt)
    .filter((value) => typeof value === "object" && "kind" in value && value.kind === "file")
    .map(({ proto }) => [proto.name, proto]),
);

const advice =
  "create one with `buf build -o FILE` or `protoc --include_imports --descriptor_set_out=FILE`";

/**
 * Reads the services of a descriptor set from buf build or protoc.
 *
 * @throws Error when the file is no descriptor set, or is incomplete
 */
export async function readDescriptorSet(path: string): Promise<DescService[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Could not read ${path} (${error.code ?? error.message}); ${advice}`);
  });
  let set: wkt.FileDescriptorSet;
  try {
    set = fromBinary(FileDescriptorSetSchema, bytes);
  } catch {
    throw new Error(`Expected ${path} to be a descriptor set; ${advice}`);
  }
  if (set.file.length === 0 || set.file.some(({ name }) => name === "")) {
    throw new Error(`Expected ${path} to be a descriptor set, got one without files; ${advice}`);
  }
  const services = servicesOfFiles(set.file, (missing, by) => {
    throw new Error(`${path} lacks ${missing}, which ${by} imports; ${advice}`);
  });
  if (services.length === 0) {
    throw new Error(`Expected ${path} to have services, got none`);
  }
  return services;
}

/** Services of a set from `toDescriptorSet`. */
export function servicesOf(descriptorSet: Uint8Array): DescService[] {
  return servicesOfFiles(fromBinary(FileDescriptorSetSchema, descriptorSet).file, (missing) => {
    throw new Error(`Expected a complete descriptor set, got one without ${missing}`);
  });
}

/** A file with all its imports, as a google.protobuf.FileDescriptorSet. */
export function toDescriptorSet(file: DescFile): Uint8Array {
  const files = new Map<string, FileDescriptorProto>();
  const add = ({ proto, dependencies }: DescFile) => {
    dependencies.forEach(add);
    files.set(proto.name, proto);
  };
  add(file);
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: [...files.values()] }),
  );
}

/** @param onMissing called for an import that is not in the files; must throw */
export function servicesOfFiles(
  files: readonly FileDescriptorProto[],
  onMissing: (missing: string, by: string) => never,
): DescService[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Map<string, FileDescriptorProto>();
  const visited = new Set<string>();
  // Imports come before the files that import them.
  const visit = (file: FileDescriptorProto) => {
    if (visited.has(file.name)) {
      return;
    }
    visited.add(file.name);
    for (const name of file.dependency) {
      visit(byName.get(name) ?? wellKnownFiles.get(name) ?? onMissing(name, file.name));
    }
    sorted.set(file.name, file);
  };
  files.forEach(visit);
  const set = create(FileDescriptorSetSchema, { file: [...sorted.values()] });
  return [...createFileRegistry(set).files].flatMap(({ services }) => services);
}
