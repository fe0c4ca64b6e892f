/** How messages are read as protobuf. Fields that the schema does not have would be kept for nobody. */
export const binaryOptions = { readUnknownFields: false };

/** How messages are read and written as JSON. */
export const jsonOptions = {
  // `hit: false` and `user_id: 0` are part of the answer, so they are not left out.
  alwaysEmitImplicit: true,
  // Without it, bytes that are no UTF-8 would become other characters, and nobody would be told.
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};
