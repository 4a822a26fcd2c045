/**
 * The SDK's type of a shape after validation. The SDK writes a required member as `Name: string | undefined` and an optional one
 * as `Name?: string | undefined`; after validation the required ones are there.
 */
export type Validated<T> = T extends Date | string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Validated<Item>[]
    : T extends object
      ? {
          [Name in keyof T]: Record<never, never> extends Pick<T, Name>
            ? Validated<T[Name]>
            : Validated<Exclude<T[Name], undefined>>;
        }
      : T;
