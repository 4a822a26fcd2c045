/**
 * What is known of a service before any of its files is written: plain data, made by slicing the monolith
 * (`cli/carve/slice`), read by everything that writes, checks or explains the service.
 *
 * Layout of a carved service: the code that comes from the monolith stands at the path it had there, relative to
 * `layout.base`, so that imports need no rewriting; everything that makes a service of it is in `service/`.
 */
import type { Model, Spot } from '../../analysis/model.ts';
import type { CarvePlan, RemotePort } from '../model.ts';

/** One file to write. `path` is relative to the service's folder, with forward slashes. */
export interface OutputFile {
  path: string;
  text: string;
  executable?: boolean;
  /** Instead of `text`, which is then empty: a file that is no text, such as a picture. */
  bytes?: Uint8Array;
}

/**
 * Where the data of the capability lie when the service starts to work.
 * `shared-database`: in the monolith's database, of which the service also uses foreign tables that decisions allow.
 * `own-database`: in a database of its own; nothing foreign is queried.
 */
export type DataStage = 'shared-database' | 'own-database';

export interface ServiceSpec {
  capability: string;
  framework: 'express' | 'fastify';
  language: 'ts' | 'js';
  /** Module system of the code that was taken. */
  modules: 'esm' | 'cjs';
  layout: {
    /** Absolute folder whose layout the service keeps: the monolith's package, or the repository of several packages. */
    base: string;
    /** Path of the application's package relative to `base`; '' where they are the same. */
    packageDir: string;
    /** Other packages of the repository whose code is taken, relative to `base`. */
    otherPackages: string[];
    /**
     * How relative imports of the taken code name a file. Without it: `.js` for ES modules, nothing for CommonJS.
     * Where Node itself runs the TypeScript it must be `.ts`.
     */
    importExtension?: '' | '.js' | '.ts';
  };
  /** How the service gets its application from the taken code. */
  app: {
    /** Path in the service. */
    file: string;
    /** Name under which `file` exports it, `default`, or `module.exports`. */
    exported: string;
    /** `value`: the application itself; `factory`: a function, possibly async, that makes it when called with `args`. */
    kind: 'value' | 'factory';
    /** Source text of the arguments, as the monolith's own start passes them; mostly ''. */
    args: string;
    /** The statement in the monolith that creates the application (`express()`, `Fastify()`), for the patch of the monolith. */
    created: Spot;
  };
  routes: { method: string; path: string; file: string; line: number }[];
  stage: DataStage;
  models: {
    /** Models whose tables the service owns. */
    owned: string[];
    /** Foreign models that its code queries in the monolith's database, by decision. */
    shared: { name: string; access: ('read' | 'write')[] }[];
  };
  /** The monolith's whole data model, for slicing the schema. */
  allModels: Model[];
  /** Prisma schema files of the monolith, absolute. */
  schemaFiles: string[];
  migrationFiles: string[];
  /** The Prisma client of the taken code, if it stands at the top level of a module: for readiness. */
  client: { file: string; exported: string } | undefined;
  /** Packages that the taken code imports, without Node's own. */
  dependencies: string[];
  /** Calls from the service into the monolith. */
  ports: PortSpec[];
  /** Middleware that asks the monolith who is calling, by decision `ask-monolith`. */
  identity: IdentitySpec[];
  /**
   * Classes of errors in the taken code, so that what the monolith's functions throw is of them again. `exported` is a
   * name or `default`.
   */
  errorClasses?: { name: string; file: string; exported: string }[];
  /** Environment variables that the taken code reads, with the place of the first reading. */
  environment: { name: string; place: Spot }[];
  plan: CarvePlan;
}

/** A function of the monolith that the service calls over the network. */
export interface PortSpec extends RemotePort {
  /** Stable address: path of the file without its extension, a dot, the name: `src/modules/catalog/service.findById`. */
  address: string;
  /** Source text of the parameter list without its parentheses, as written: `slug: string, take = 3`. */
  parameterText: string;
  /** Source text of the type parameters with their angle brackets, or ''. */
  typeParameterText: string;
  /** Source text of the declared return type, or undefined where it is inferred. */
  returnType: string | undefined;
  /**
   * How the monolith exports it: a name, `default`, `module.exports`, or `module.exports.NAME` where that is CommonJS.
   * A method has its object before it: `userService.getUserById`, `default.find`. The name of a top-level function that
   * is not exported is enough: the patch of the monolith exports it.
   */
  exported: string;
  /** How the service's code expects it: the shape of the declaration that the stub replaces. */
  form: 'function' | 'arrow' | 'method';
}

export interface IdentitySpec {
  /** The function that is replaced. */
  name: string;
  file: string;
  line: number;
  framework: 'express' | 'fastify';
  /** Properties that it sets on the request, such as `user` or `customer`. */
  properties: string[];
  /** As in `PortSpec`; without it a function without a name, whose place in the application is taken as it is. */
  exported?: string;
  /** As in `PortSpec`; without it `arrow`. */
  form?: PortSpec['form'];
  /** Headers besides `cookie` and `authorization` that it reads, in lower case. */
  headers?: string[];
}
