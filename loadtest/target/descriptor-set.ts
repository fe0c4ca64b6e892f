import {
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { reasonOf } from "@unblock/errors/failure";
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
    throw new Error(
      `Expected ${path} to be a descriptor set with services: ${reasonOf(error)}; create one with ` +
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

/**
 * Qualifies type names and adds imports, as a compiler does. The reflection of grpc-node returns types
 * as written in the source ("Money" for ".shop.v1.Money") and omits imports.
 *
 * @see https://protobuf.com/docs/language-spec#reference-resolution
 */
export function repairFiles(files: readonly FileDescriptorProto[]): readonly FileDescriptorProto[] {
  const homes = new Map<string, string>();
  for (const file of [...wellKnownFiles.values(), ...files]) {
    for (const name of namesOf(scopeOf(file), file.messageType, file.enumType)) {
      homes.set(name, file.name);
    }
  }
  for (const file of files) {
    const imports = new Set(file.dependency);
    eachReference(file, (scope, name) => {
      const full = qualify(homes, scope, name);
      const home = homes.get(full);
      if (home !== undefined && home !== file.name) {
        imports.add(home);
      }
      return full;
    });
    file.dependency = [...imports];
  }
  return files;
}

function qualify(known: ReadonlyMap<string, unknown>, scope: string, name: string): string {
  if (name === "" || name.startsWith(".")) {
    return name;
  }
  const candidate = `${scope}.${name}`;
  // From the innermost scope outward.
  return known.has(candidate) || scope === ""
    ? candidate
    : qualify(known, scope.slice(0, scope.lastIndexOf(".")), name);
}

function eachReference(
  file: FileDescriptorProto,
  replace: (scope: string, name: string) => string,
): void {
  const inFields = (scope: string, fields: readonly wkt.FieldDescriptorProto[]) => {
    for (const field of fields) {
      field.typeName = replace(scope, field.typeName);
      field.extendee = replace(scope, field.extendee);
    }
  };
  const inMessages = (scope: string, messages: readonly wkt.DescriptorProto[]) => {
    for (const message of messages) {
      const inner = `${scope}.${message.name}`;
      inFields(inner, [...message.field, ...message.extension]);
      inMessages(inner, message.nestedType);
    }
  };
  const scope = scopeOf(file);
  inFields(scope, file.extension);
  inMessages(scope, file.messageType);
  for (const method of file.service.flatMap((service) => service.method)) {
    method.inputType = replace(scope, method.inputType);
    method.outputType = replace(scope, method.outputType);
  }
}

function scopeOf(file: FileDescriptorProto): string {
  return file.package === "" ? "" : `.${file.package}`;
}

function namesOf(
  scope: string,
  messages: readonly wkt.DescriptorProto[],
  enums: readonly wkt.EnumDescriptorProto[],
): string[] {
  return [
    ...enums.map(({ name }) => `${scope}.${name}`),
    ...messages.flatMap(({ name, nestedType, enumType }) => [
      `${scope}.${name}`,
      ...namesOf(`${scope}.${name}`, nestedType, enumType),
    ]),
  ];
}
