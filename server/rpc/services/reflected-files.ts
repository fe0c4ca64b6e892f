import {
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The files that services are declared in, with all that they import. */
export class ReflectedFiles {
  readonly #files = new Map<string, DescFile>();
  readonly #encoded = new Map<DescFile, Uint8Array>();
  readonly #registry: Registry;

  constructor(services: readonly DescService[]) {
    for (const { file } of services) {
      this.#add(file);
    }
    this.#registry = createRegistry(...this.#files.values());
  }

  /** @param name such as "google/protobuf/any.proto" */
  named(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares a service, a method, a message, a field, an enum or an extension. */
  declaring(symbol: string): DescFile | undefined {
    const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
    const isMember = ({ name }: { readonly name: string }) => `${parent}.${name}` === symbol;
    return (
      this.#registry.get(symbol)?.file ??
      this.#registry.getService(parent)?.methods.find(isMember)?.parent.file ??
      this.#registry.getMessage(parent)?.fields.find(isMember)?.parent.file
    );
  }

  /** The extensions of a message; undefined when there is no such message. */
  extensionsOf(message: string): readonly DescExtension[] | undefined {
    if (this.#registry.getMessage(message) === undefined) {
      return undefined;
    }
    return [...this.#registry].filter(
      (type): type is DescExtension =>
        type.kind === "extension" && type.extendee.typeName === message,
    );
  }

  /** A file as a FileDescriptorProto. */
  encode(file: DescFile): Uint8Array {
    const known = this.#encoded.get(file);
    if (known !== undefined) {
      return known;
    }
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    this.#encoded.set(file, bytes);
    return bytes;
  }

  #add(file: DescFile): void {
    if (!this.#files.has(file.proto.name)) {
      this.#files.set(file.proto.name, file);
      for (const imported of file.dependencies) {
        this.#add(imported);
      }
    }
  }
}
