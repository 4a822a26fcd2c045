/** Stands for the generated list of error classes while this folder is type-checked; no text is taken from here. */
export const errors: { [name: string]: new (...args: never[]) => Error } = {};
