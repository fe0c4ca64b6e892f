import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

export interface ReflectionServer {
  readonly url: string;
  close(): void;
}

/**
 * A server of grpc-js that tells its schema, and does nothing else.
 *
 * @param descriptorSet a google.protobuf.FileDescriptorSet
 * @param versions of the reflection protocol; none for a server without reflection
 */
export async function serveReflection(
  descriptorSet: Uint8Array,
  versions: readonly ("v1" | "v1alpha")[],
): Promise<ReflectionServer> {
  const server = new Server();
  const reflection = new ReflectionService(
    loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet)),
  );
  reflection.addToServer({
    addService: (service, implementation) => {
      const [method] = Object.values(service);
      if (versions.some((version) => method?.path.startsWith(`/grpc.reflection.${version}.`))) {
        server.addService(service, implementation);
      }
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  return { url: `http://127.0.0.1:${await promise}`, close: () => server.forceShutdown() };
}
