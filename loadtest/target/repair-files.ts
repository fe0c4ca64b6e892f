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
    for (const name of namesOf(scopeOf(file), file)) {
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
  // From the innermost scope outward.
  for (let outer = scope; ; outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")))) {
    const candidate = `${outer}.${name}`;
    if (known.has(candidate) || outer === "") {
      return candidate;
    }
  }
}

/** Replaces each reference to a type. */
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

interface Scope {
  readonly messageType: readonly DescriptorProto[];
  readonly enumType: readonly EnumDescriptorProto[];
}

function namesOf(scope: string, { messageType, enumType }: Scope): string[] {
  return [
    ...enumType.map(({ name }) => `${scope}.${name}`),
    ...messageType.flatMap((message) => {
      const name = `${scope}.${message.name}`;
      const { nestedType, enumType: enums } = message;
      return [name, ...namesOf(name, { messageType: nestedType, enumType: enums })];
    }),
  ];
}
