import {
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { readGivenFile } from "../files.ts";

type FileDescriptorProto = wkt.FileDescriptorProto;
const { FileDescriptorSetSchema } = wkt;

/** Protobuf's own files, which descriptor sets and servers often omit. */
export const wellKnownFiles = new Map(
  Object.values(wkt)
    .filter((value) => typeof value === "object" && "kind" in value && value.kind === "file")
    .map(({ proto }) => [proto.name, proto]),
);

/**
 * Reads the services of a descriptor set from buf build or protoc.
 *
 * @throws Error when the file is no descriptor set, or is incomplete
 */
export async function readDescriptorSet(path: string): Promise<DescService[]> {
  try {
    const services = servicesOf(await readGivenFile(path));
    if (services.length === 0) {
      throw new Error("it has no services");
    }
    return services;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Expected ${path} to be a descriptor set with services: ${reason}; create one with ` +
        "`buf build -o FILE` or `protoc --include_imports --descriptor_set_out=FILE`",
    );
  }
}

export function servicesOf(descriptorSet: Uint8Array): DescService[] {
  return servicesOfFiles(fromBinary(FileDescriptorSetSchema, descriptorSet).file);
}

/** A file with all its imports, as a google.protobuf.FileDescriptorSet. */
export function toDescriptorSet(file: DescFile): Uint8Array {
  const files = new Map<string, FileDescriptorProto>();
  const add = ({ proto, dependencies }: DescFile) => {
    dependencies.forEach(add);
    files.set(proto.name, proto);
  };
  add(file);
  const set = create(FileDescriptorSetSchema, { file: [...files.values()] });
  return toBinary(FileDescriptorSetSchema, set);
}

/** @throws Error that names an import that is missing */
export function servicesOfFiles(files: readonly FileDescriptorProto[]): DescService[] {
  const byName = new Map([...wellKnownFiles, ...files.map((file) => [file.name, file] as const)]);
  return files
    .filter(({ service }) => service.length > 0)
    .flatMap((file) => {
      const registry = createFileRegistry(file, (name) => byName.get(name));
      return registry.getFile(file.name)?.services ?? [];
    });
}
