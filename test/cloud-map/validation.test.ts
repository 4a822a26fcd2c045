import * as client from '@aws-sdk/client-servicediscovery';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CloudMapError } from '../../cli/cloud-map/errors.ts';
import { INPUTS, type OperationName } from '../../cli/cloud-map/inputs.ts';
import { OPERATIONS } from '../../cli/cloud-map/operations/index.ts';
import type { StructureShape } from '../../cli/cloud-map/shapes.ts';
import { validate } from '../../cli/cloud-map/validate.ts';

function errorOf(input: unknown, shape: StructureShape): CloudMapError {
  try {
    validate(input, shape);
  } catch (error) {
    if (error instanceof CloudMapError) return error;
    throw error;
  }
  throw new Error('The input was expected to be refused.');
}

const names = Object.keys(INPUTS) as OperationName[];

it('knows exactly the operations that the SDK has commands for', () => {
  const commands = Object.keys(client)
    .filter((name) => /^[A-Z].*Command$/.test(name) && name !== '$Command')
    .map((name) => name.replace(/Command$/, ''));
  expect(commands).toHaveLength(30);
  expect([...names].sort()).toEqual(commands.sort());
  expect(Object.keys(OPERATIONS).sort()).toEqual(commands);
});

describe.each(names.filter((name) => INPUTS[name].required.length > 0))('%s', (name) => {
  it('asks for each required member in the words of AWS', () => {
    const shape: StructureShape = INPUTS[name];
    const { type, message } = errorOf({}, shape);
    expect(type).toBe('InvalidInput');
    for (const member of shape.required) {
      const path = member.charAt(0).toLowerCase() + member.slice(1);
      expect(message).toContain(
        `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
      );
    }
  });
});

describe('validation', () => {
  it.each([
    ['a name that looks like an ARN', 'CreateHttpNamespace', { Name: 'arn:x' }],
    ['a name with a blank', 'CreateHttpNamespace', { Name: 'a b' }],
    ['a name of 1025 characters', 'CreateHttpNamespace', { Name: 'a'.repeat(1025) }],
    ['a public name without a dot', 'CreatePublicDnsNamespace', { Name: 'localhost' }],
    ['a description of 1025 characters', 'CreateHttpNamespace', { Name: 'a', Description: 'd'.repeat(1025) }],
    ['a request id of 65 characters', 'CreateHttpNamespace', { Name: 'a', CreatorRequestId: 'r'.repeat(65) }],
    ['an empty tag key', 'CreateHttpNamespace', { Name: 'a', Tags: [{ Key: '', Value: '' }] }],
    ['a tag without a value', 'CreateHttpNamespace', { Name: 'a', Tags: [{ Key: 'k' }] }],
    ['201 tags', 'CreateHttpNamespace', { Name: 'a', Tags: Array(201).fill({ Key: 'k', Value: '' }) }],
    ['a service name that begins with a hyphen', 'CreateService', { Name: '-a' }],
    ['a service name of 128 characters', 'CreateService', { Name: `${'a'.repeat(63)}.${'a'.repeat(64)}` }],
    ['an unknown service type', 'CreateService', { Name: 'a', Type: 'DNS' }],
    [
      'a negative time to live',
      'CreateService',
      { Name: 'a', DnsConfig: { DnsRecords: [{ Type: 'A', TTL: -1 }] } },
    ],
    [
      'an unknown record type',
      'CreateService',
      { Name: 'a', DnsConfig: { DnsRecords: [{ Type: 'MX', TTL: 1 }] } },
    ],
    [
      'a threshold of 11',
      'CreateService',
      { Name: 'a', HealthCheckConfig: { Type: 'TCP', FailureThreshold: 11 } },
    ],
    ['MaxResults 0', 'ListNamespaces', { MaxResults: 0 }],
    ['MaxResults 101', 'ListInstances', { ServiceId: 's', MaxResults: 101 }],
    ['MaxResults 1001', 'DiscoverInstances', { NamespaceName: 'a', ServiceName: 'b', MaxResults: 1001 }],
    [
      'an unknown health filter',
      'DiscoverInstances',
      { NamespaceName: 'a', ServiceName: 'b', HealthStatus: 'OK' },
    ],
    ['an account of 11 digits', 'GetOperation', { OperationId: 'o', OwnerAccount: '1'.repeat(11) }],
    [
      'an instance id with a blank',
      'RegisterInstance',
      { ServiceId: 's', InstanceId: 'a b', Attributes: {} },
    ],
    [
      'an instance id of 65 characters',
      'RegisterInstance',
      { ServiceId: 's', InstanceId: 'a'.repeat(65), Attributes: {} },
    ],
    ['no instances to ask for', 'GetInstancesHealthStatus', { ServiceId: 's', Instances: [] }],
    ['no attributes to set', 'UpdateServiceAttributes', { ServiceId: 's', Attributes: {} }],
    [
      '31 attributes to delete',
      'DeleteServiceAttributes',
      { ServiceId: 's', Attributes: Array(31).fill('k') },
    ],
    ['an unknown filter', 'ListServices', { Filters: [{ Name: 'NAME', Values: ['a'] }] }],
    ['an empty filter value', 'ListServices', { Filters: [{ Name: 'NAMESPACE_ID', Values: [''] }] }],
    [
      'health UNKNOWN',
      'UpdateInstanceCustomHealthStatus',
      { ServiceId: 's', InstanceId: 'i', Status: 'UNKNOWN' },
    ],
    ['a token of 4097 characters', 'ListOperations', { NextToken: 't'.repeat(4097) }],
  ] as const)('refuses %s as InvalidInput', (_what, operation, input) => {
    const error = errorOf(input, INPUTS[operation]);
    expect(error.type).toBe('InvalidInput');
    expect(error.message).toMatch(/^\d+ validation errors? detected: Value /);
  });

  it.each([
    ['a number for a string', { Name: 1 }, "NUMBER_VALUE at 'name' can not be converted to a String"],
    [
      'a string for a list',
      { Name: 'a', Tags: 'x' },
      "STRING_VALUE at 'tags' can not be converted to a List",
    ],
    [
      'a list for a structure',
      { Name: 'a', Tags: [[]] },
      "LIST_VALUE at 'tags.1.member' can not be converted",
    ],
    ['null in a list', { Name: 'a', Tags: [null] }, "NULL_VALUE at 'tags.1.member'"],
  ])('refuses %s as SerializationException', (_what, input, message) => {
    const error = errorOf(input, INPUTS.CreateHttpNamespace);
    expect(error.type).toBe('SerializationException');
    expect(error.message).toContain(message);
  });

  it.each([['[]'], ['"text"'], ['null'], ['1']])('refuses %s as input', (json) => {
    expect(errorOf(JSON.parse(json), INPUTS.ListNamespaces).type).toBe('SerializationException');
  });

  it('refuses fractions and numbers beyond the range', () => {
    expect(errorOf({ MaxResults: 1.5 }, INPUTS.ListNamespaces).type).toBe('SerializationException');
    expect(errorOf({ MaxResults: 1e300 }, INPUTS.ListNamespaces).type).toBe('InvalidInput');
  });

  it('tells all violations, but no endless list of them', () => {
    const { message } = errorOf(
      { Tags: Array(200).fill({ Key: '', Value: '' }) },
      INPUTS.CreateHttpNamespace,
    );
    expect(message).toMatch(/^201 validation errors detected/);
    expect(message.length).toBeLessThan(2500);
  });

  it('drops unknown members and nulls, and keeps the rest', () => {
    const input = { Name: 'a', Description: null, Unknown: 1, Tags: [{ Key: 'k', Value: 'v', More: 1 }] };
    expect(validate(input, INPUTS.CreateHttpNamespace)).toEqual({
      Name: 'a',
      Tags: [{ Key: 'k', Value: 'v' }],
    });
  });

  it('takes dangerous keys for what they are: text', () => {
    const input = JSON.parse(
      '{"ServiceId":"s","InstanceId":"i","Attributes":{"__proto__":"x","constructor":"y"}}',
    );
    const { Attributes } = validate(input, INPUTS.RegisterInstance) as { Attributes: Record<string, string> };
    expect(Object.entries(Attributes)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('answers anything at all with a result or an error of the API', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, input) => {
        try {
          validate(input, INPUTS[name]);
        } catch (error) {
          expect(error).toBeInstanceOf(CloudMapError);
        }
      }),
    );
  });
});
