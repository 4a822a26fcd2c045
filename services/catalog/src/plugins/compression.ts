/** For routes whose answers are worth compressing: gzip, which every browser of the last twenty years reads. */
export const gzipped = { compress: { threshold: 1024, encodings: ['gzip' as const] } };
