import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { wellKnownFiles } from "./descriptor-set.ts";

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
  const inFields = (scope: string, fields: readonly FieldDescriptorProto[]) => {
    for (const field of fields) {
      field.typeName = replace(scope, field.typeName);
      field.extendee = replace(scope, field.extendee);
    }
  };
  const inMessages = (scope: string, messages: readonly DescriptorProto[]) => {
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
  messages: readonly DescriptorProto[],
  enums: readonly EnumDescriptorProto[],
): string[] {
  return [
    ...enums.map(({ name }) => `${scope}.${name}`),
    ...messages.flatMap(({ name, nestedType, enumType }) => [
      `${scope}.${name}`,
      ...namesOf(`${scope}.${name}`, nestedType, enumType),
    ]),
  ];
}
