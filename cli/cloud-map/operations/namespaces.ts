import type {
  CreateHttpNamespaceRequest,
  CreatePrivateDnsNamespaceRequest,
  CreatePublicDnsNamespaceRequest,
  DeleteNamespaceRequest,
  NamespaceType,
  UpdateHttpNamespaceRequest,
  UpdatePrivateDnsNamespaceRequest,
} from '@aws-sdk/client-servicediscovery';
import { type Context, type Decision, namespaceArn, namespaceOf } from '../context.ts';
import { CloudMapError, invalidInput } from '../errors.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { CloudMapState, NamespaceRecord, Work } from '../state.ts';
import type { Validated } from '../validated.ts';
import { duplicateRequest, openOperation, retriedOperation, submit } from './submit.ts';
import { tagsToCreate } from './tag-rules.ts';

type Submitted = Decision<{ OperationId: string }>;
type DnsInput = Validated<CreatePrivateDnsNamespaceRequest>;

/** The negative-caching time that Cloud Map sets when none is asked for, in seconds. */
const DEFAULT_SOA_TTL = 15;

export function createHttpNamespace(
  state: CloudMapState,
  input: Validated<CreateHttpNamespaceRequest>,
  context: Context,
): Submitted {
  return createNamespace(state, 'HTTP', input, context);
}

export function createPrivateDnsNamespace(
  state: CloudMapState,
  input: DnsInput,
  context: Context,
): Submitted {
  return createNamespace(state, 'DNS_PRIVATE', input, context);
}

export function createPublicDnsNamespace(
  state: CloudMapState,
  input: Validated<CreatePublicDnsNamespaceRequest>,
  context: Context,
): Submitted {
  return createNamespace(state, 'DNS_PUBLIC', input, context);
}

function createNamespace(
  state: CloudMapState,
  type: NamespaceType,
  input: Omit<DnsInput, 'Vpc'> & { Vpc?: string | undefined },
  context: Context,
): Submitted {
  const tags = tagsToCreate(input.Tags, context, input.Name);
  const { CreatorRequestId: requestId, ...asked } = input;
  const fingerprint = fingerprintOf([type, asked]);
  const retried = retriedOperation(state, { type: 'CREATE_NAMESPACE', requestId, fingerprint }, (operation) =>
    state.namespaces.has(operation.targets.NAMESPACE ?? ''),
  );
  if (retried) return { output: { OperationId: retried.id }, events: [] };

  const same = (other: Omit<NamespaceRecord, 'ordinal'>) =>
    other.type === type && other.name === input.Name && other.vpc === input.Vpc;
  const creating = openOperation(state, (work) => work.kind === 'create-namespace' && same(work.namespace));
  if (creating) throw duplicateRequest(creating);
  const existing = [...state.namespaces.values()].find(same);
  if (existing) {
    throw new CloudMapError('NamespaceAlreadyExists', `Namespace with name ${input.Name} already exists.`, {
      NamespaceId: existing.id,
      ...(existing.creatorRequestId === undefined ? {} : { CreatorRequestId: existing.creatorRequestId }),
    });
  }
  const pending = creations(state);
  if (state.namespaces.size + pending.length >= context.limits.namespaces) {
    throw new CloudMapError('ResourceLimitExceeded', 'The quota on the number of namespaces is reached.');
  }

  const id = `ns-${context.ids.random(16)}`;
  const names = new Set([...state.namespaces.values(), ...pending].map((other) => other.httpName));
  const dns = type !== 'HTTP';
  const namespace: Omit<NamespaceRecord, 'ordinal'> = {
    id,
    name: input.Name,
    httpName: names.has(input.Name) ? `${input.Name}-${context.ids.random(16)}` : input.Name,
    type,
    description: input.Description,
    createDate: context.now,
    creatorRequestId: requestId,
    vpc: input.Vpc,
    hostedZoneId: dns ? `Z${context.ids.random(20).toUpperCase()}` : undefined,
    soaTtl: dns ? (input.Properties?.DnsProperties.SOA.TTL ?? DEFAULT_SOA_TTL) : undefined,
  };
  const work: Work = unusableVpc(input.Vpc) ?? {
    kind: 'create-namespace',
    namespace,
    arn: namespaceArn(context, id),
    tags,
  };
  return submit(
    state,
    { type: 'CREATE_NAMESPACE', targets: { NAMESPACE: id }, work, requestId, fingerprint },
    context,
  );
}

/** AWS accepts any VPC id and finds out afterwards that there is no such VPC. Here every well-formed id is a VPC. */
function unusableVpc(vpc: string | undefined): Work | undefined {
  if (vpc === undefined || /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/.test(vpc)) return undefined;
  const message = `The VPC that you chose, ${vpc}, can't be associated with a private hosted zone. (InvalidVPCId)`;
  return { kind: 'fail', code: 'CANNOT_CREATE_HOSTED_ZONE', message };
}

function creations(state: CloudMapState): Omit<NamespaceRecord, 'ordinal'>[] {
  return state.open.flatMap((id) => {
    const work = state.operations.get(id)?.work;
    return work?.kind === 'create-namespace' ? [work.namespace] : [];
  });
}

export function updateHttpNamespace(
  state: CloudMapState,
  input: Validated<UpdateHttpNamespaceRequest>,
  context: Context,
): Submitted {
  return updateNamespace(state, 'HTTP', input, context);
}

export function updatePrivateDnsNamespace(
  state: CloudMapState,
  input: Validated<UpdatePrivateDnsNamespaceRequest>,
  context: Context,
): Submitted {
  return updateNamespace(state, 'DNS_PRIVATE', input, context);
}

export function updatePublicDnsNamespace(
  state: CloudMapState,
  input: Validated<UpdatePrivateDnsNamespaceRequest>,
  context: Context,
): Submitted {
  return updateNamespace(state, 'DNS_PUBLIC', input, context);
}

function updateNamespace(
  state: CloudMapState,
  type: NamespaceType,
  input: Validated<UpdatePrivateDnsNamespaceRequest>,
  context: Context,
): Submitted {
  const namespace = namespaceOf(state, input.Id, context);
  if (namespace.type !== type) {
    throw invalidInput(`Namespace ${namespace.id} is of type ${namespace.type}, not ${type}.`);
  }
  const change = input.Namespace;
  const fingerprint = fingerprintOf([namespace.id, change]);
  const requestId = input.UpdaterRequestId;
  const retried = retriedOperation(state, { type: 'UPDATE_NAMESPACE', requestId, fingerprint }, () => true);
  if (retried) return { output: { OperationId: retried.id }, events: [] };
  if (change.Description === undefined && change.Properties === undefined) {
    throw invalidInput('The request changes nothing: give a Description or Properties.');
  }
  refuseBusy(state, namespace.id, 'update-namespace');

  const soaTtl = change.Properties?.DnsProperties.SOA.TTL;
  const work: Work = {
    kind: 'update-namespace',
    namespaceId: namespace.id,
    ...(change.Description === undefined ? {} : { description: change.Description }),
    ...(soaTtl === undefined ? {} : { soaTtl }),
  };
  const targets = { NAMESPACE: namespace.id };
  return submit(state, { type: 'UPDATE_NAMESPACE', targets, work, requestId, fingerprint }, context);
}

export function deleteNamespace(
  state: CloudMapState,
  input: Validated<DeleteNamespaceRequest>,
  context: Context,
): Submitted {
  const namespace = namespaceOf(state, input.Id, context);
  refuseBusy(state, namespace.id, 'delete-namespace');
  if ([...state.services.values()].some((service) => service.namespaceId === namespace.id)) {
    throw new CloudMapError('ResourceInUse', `Namespace ${namespace.id} still contains services.`);
  }
  const arn = namespaceArn(context, namespace.id);
  return submit(
    state,
    {
      type: 'DELETE_NAMESPACE',
      targets: { NAMESPACE: namespace.id },
      work: { kind: 'delete-namespace', namespaceId: namespace.id, arn },
      requestId: undefined,
      fingerprint: '',
    },
    context,
  );
}

/** @throws CloudMapError DuplicateRequest for the same kind of operation, ResourceInUse for another one */
function refuseBusy(state: CloudMapState, namespaceId: string, kind: Work['kind']): void {
  const busy = openOperation(
    state,
    (work) =>
      (work.kind === 'update-namespace' || work.kind === 'delete-namespace') &&
      work.namespaceId === namespaceId,
  );
  if (!busy) return;
  if (busy.work?.kind === kind) throw duplicateRequest(busy);
  throw new CloudMapError('ResourceInUse', `Another operation on namespace ${namespaceId} is in progress.`);
}

/** The namespace is about to go away and takes no more services. */
export function isBeingDeleted(state: CloudMapState, namespaceId: string): boolean {
  return (
    openOperation(state, (work) => work.kind === 'delete-namespace' && work.namespaceId === namespaceId) !==
    undefined
  );
}
