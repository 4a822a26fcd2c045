/** The result of an analysis: plain data, stable in order, safe to print as one JSON document. */

export type Access = 'read' | 'write';

/** Something the analysis could not settle. It is listed, never dropped. */
export interface Unresolved {
  kind: string;
  file: string;
  line: number;
  reason: string;
}

export interface Spot {
  file: string;
  line: number;
}

/** One way in which a route touches a model. A model that is read and written appears twice. */
export interface ModelUse {
  name: string;
  access: Access;
  /** Whether the route's own handler reaches it or a middleware that is named on the route. */
  via: 'handler' | 'middleware';
  /** `false` where the client was recognised by name only. */
  certain: boolean;
  evidence: Spot;
}

export interface Observed {
  calls: number;
  p50Milliseconds?: number;
  p95Milliseconds?: number;
  /** Names of query parameters. */
  parameters?: string[];
  /** ISO time. */
  lastSeen?: string;
}

/** What traffic says of the inventory as a whole. */
export interface TrafficFindings {
  /** ISO times of what was observed. */
  from: string;
  to: string;
  calls: number;
  /** Seen in traffic and not found in the source, most called first. */
  notInSource: (Observed & { method: string; path: string; confidence: number })[];
  /** Found in the source and never seen to be called. */
  neverCalled: { method: string; path: string; file: string; line: number }[];
}

export interface Route {
  method: string;
  /** Full template in the form `/articles/:slug`. */
  path: string;
  /** Place of the handler. */
  file: string;
  line: number;
  handler: string;
  registered: Spot;
  framework: string;
  models: ModelUse[];
  /**
   * Models touched by what holds for many routes alike: middleware of a router or application, middleware that routes of
   * several kinds name, and finding out who asks.
   */
  inherited: ModelUse[];
  /** Models touched by those who listen to the events that the handler emits in this process. */
  listeners: ModelUse[];
  /** `false` where a part of the path is known only at run time; that part is written `{expression}`. */
  certain: boolean;
  observed?: Observed;
}

export type Action = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | 'SetDefault';

export interface Relation {
  field: string;
  target: string;
  kind: 'many-to-one' | 'one-to-many' | 'one-to-one' | 'many-to-many';
  name?: string;
  /** Whether the foreign key lies in this model's table. */
  owning: boolean;
  fields: string[];
  references: string[];
  optional: boolean;
  onDelete?: Action;
  onUpdate?: Action;
  /** Table of an implicit many-to-many relation. */
  joinTable?: string;
}

export interface Model {
  name: string;
  table: string;
  schema?: string;
  kind: 'model' | 'view';
  file: string;
  line: number;
  fields: { name: string; column: string; type: string; list: boolean; optional: boolean; unique: boolean }[];
  relations: Relation[];
  enums: string[];
}

/** A place where code runs that no route leads to: a job, a listener, a queue worker. */
export interface Entry {
  kind: string;
  label: string;
  file: string;
  line: number;
  models: ModelUse[];
}

export interface StateUse {
  name: string;
  file: string;
  line: number;
  readers: Spot[];
  writers: Spot[];
}

export interface GraphNode {
  id: string;
  kind: 'route' | 'function' | 'module' | 'model' | 'entry' | 'state';
  label: string;
  file?: string;
  line?: number;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind:
    | 'handles'
    | 'calls'
    | 'callback'
    | 'event'
    | 'reads'
    | 'writes'
    | 'imports'
    | 'relation'
    | 'contains'
    | 'state';
  /** How often it occurs in the code. */
  weight: number;
  inLoop: boolean;
  /** Transaction in which it happens, as `file:line` of where that starts. */
  transaction?: string;
  evidence: Spot[];
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface Transaction {
  file: string;
  line: number;
  kind: 'interactive' | 'batch';
  models: { name: string; access: Access }[];
}

export interface RawSql {
  file: string;
  line: number;
  tables: { name: string; access: Access; model?: string }[];
  statement: string;
}

/** What exists in the database only by way of a migration, unseen by the Prisma schema. */
export interface DatabaseObject {
  kind: 'trigger' | 'view' | 'function' | 'foreign-key' | 'sequence' | 'index' | 'extension';
  name: string;
  tables: string[];
  file: string;
  line: number;
}

/** Each score is documented with its formula and source in `suggest/scores.ts`. */
export interface Scores {
  icp: number;
  sm: number;
  ifn: number;
  transactionPurity: number;
  sagaCost: number;
  /** Largest part's share of all members, and share of parts with a single member: they damp `overall`. */
  largestShare: number;
  singletonShare: number;
  parts: number;
  stability: number;
  overall: number;
}

export interface Obstacle {
  kind:
    | 'split-transaction'
    | 'cascade'
    | 'foreign-raw-sql'
    | 'database-object'
    | 'shared-state'
    | 'join-table';
  message: string;
  /** Whether somebody must decide something before the division, or only has to know of it. */
  weight: 'hard' | 'soft';
  evidence: Spot[];
}

export interface Suggestion {
  capability: string;
  source: 'found' | 'given';
  routes: { method: string; path: string }[];
  models: string[];
  files: string[];
  scores: Scores;
  obstacles: Obstacle[];
  cost: string;
  remoteCalls: { from: string; to: string; inLoop: boolean; evidence: Spot[] }[];
  cutForeignKeys: { from: string; to: string; field: string }[];
  /** 1 is the one to begin with. */
  order: number;
}

export interface Analysis {
  version: 1;
  project: { name: string; frameworks: string[]; files: number; lines: number };
  routes: Route[];
  models: Model[];
  enums: { name: string; models: string[] }[];
  entries: Entry[];
  state: StateUse[];
  transactions: Transaction[];
  rawSql: RawSql[];
  database: DatabaseObject[];
  suggestions: Suggestion[];
  unresolved: Unresolved[];
  graph: Graph;
  /** Only where an edge has observed. */
  traffic?: TrafficFindings;
}
