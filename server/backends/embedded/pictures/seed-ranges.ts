// Which seeds `drawPicture` is given, and for what. The ranges share no seed, so the network is
// tested on, and asked about, pictures it has never seen. `first` is in the range, `end` is not.

export const trainingSeeds = { first: 1_000_000, end: 2_000_000 } as const;

export const testSeeds = { first: 2_000_000, end: 3_000_000 } as const;

export const servedSeeds = { first: 3_000_000, end: 2 ** 31 } as const;
