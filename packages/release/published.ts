/** What others get of a package of this project. */
export interface Published {
  /** Folder below `packages`. */
  readonly folder: string;
  /** What others may import: files of the package, without their endings. */
  readonly exports: readonly string[];
  /** Programs of the README, which nothing imports. */
  readonly examples: readonly string[];
  /** Files of packages that are not published, which come with this one. */
  readonly bundled: readonly string[];
}

export const published: readonly Published[] = [
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
