import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApiOf } from '../../migration-plans/observe/openapi.ts';
import { planSkeleton } from '../../migration-plans/observe/suggest-plan.ts';
import { parsePlan } from '../../migration-plans/plan/load.ts';
import { APPLICATIONS } from './support/applications.ts';
import { type Call, inventoryOf, trafficOf } from './support/traffic.ts';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, unknown> }>;
  'x-confidence': number;
  'x-calls': number;
}
type Document = {
  paths: Record<string, Record<string, Operation> & { parameters?: { name: string; schema: object }[] }>;
};

describe('the inventory as OpenAPI', () => {
  it.each(APPLICATIONS.map((application) => [application.name, application] as const))(
    'of %s is valid by the official schema of 3.1',
    async (_name, application) => {
      const document = openApiOf(inventoryOf(trafficOf(application, 3_000, 1)), {
        title: application.name,
        server: 'http://127.0.0.1:3000',
      });
      const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
      expect(result.errors ?? []).toEqual([]);
      expect(result.valid).toBe(true);
    },
  );

  it('of odd methods, tails, empty and hostile paths is valid too', async () => {
    const calls: Call[] = [
      '/',
      '/a/',
      '/%e4/x',
      '/a/$count',
      "/it's/(1)",
      '/users:batch',
      `/${'d/'.repeat(30)}x`,
      '/x?a[b]=1&c.d=2&c.d=3',
    ].flatMap((url) =>
      ['GET', 'PROPFIND', 'UPGRADE', 'TRACE', 'QUERY', 'OPTIONS', 'HEAD'].map((method) => ({
        method,
        url,
        status: 200,
        answerType: 'text/html',
      })),
    );
    for (const inventory of [inventoryOf(calls), inventoryOf([])]) {
      const result = await new Validator().validate(
        JSON.parse(JSON.stringify(openApiOf(inventory, { title: 'x' }))),
      );
      expect(result.errors ?? []).toEqual([]);
    }
  });

  it('says what was seen and how sure it is', () => {
    const { paths } = openApiOf(inventoryOf(trafficOf(APPLICATIONS[0]!, 20_000, 1)), {
      title: 'REST',
    }) as Document;
    const item = paths['/api/products/{id}/reviews']!;
    expect(item.parameters).toMatchObject([
      {
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'integer' },
        'x-evidence': { reason: 'form' },
      },
    ]);
    expect(Object.keys(item.post!.requestBody!.content)).toEqual(['application/json']);
    expect(Object.keys(item.get!.responses['2XX']!.content!)).toEqual(['application/json']);
    expect(item.get!['x-confidence']).toBeGreaterThan(0.95);
    const ids = [...JSON.stringify(paths).matchAll(/"operationId":"([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const uuid = paths['/api/orders/{id}']!;
    expect(uuid.parameters![0]!.schema).toEqual({ type: 'string', format: 'uuid' });
  });
});

describe('a plan to begin with', () => {
  it('claims what was seen at and below the paths, whatever the parameters are called, and loads', () => {
    const inventory = inventoryOf(trafficOf(APPLICATIONS[0]!, 20_000, 1));
    const { yaml, routes, left } = planSkeleton(inventory, 'reviews', [
      '/api/products/:product/reviews',
      '/api/search/',
    ]);
    expect(routes).toEqual([
      'GET,POST /api/products/:id/reviews',
      'GET /api/products/:id/reviews/:reviewId',
      'GET /api/search',
      'GET /api/search/suggest',
    ]);
    expect(left).toEqual([]);
    const { loaded, findings } = parsePlan(yaml!, 'reviews.yaml');
    expect(findings).toEqual([]);
    expect(loaded?.plan.routes).toHaveLength(5);
  });

  it('leaves out what is not sure enough, and says so', () => {
    const inventory = inventoryOf([{ method: 'GET', url: '/admin/x', status: 302 }]);
    expect(planSkeleton(inventory, 'admin', ['/admin'])).toMatchObject({
      yaml: undefined,
      routes: [],
      left: [{ path: '/admin/x' }],
    });
  });
});
