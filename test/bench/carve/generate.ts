import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes a layered Express monolith of about `lines` lines: domains of a model each, with routes, controller, service,
 * repository and rules; every domain calls two others and shares helpers, as grown code does.
 *
 * @returns the lines and routes that were written
 */
export function generateMonolith(dir: string, lines: number): { lines: number; routes: number } {
  let written = 0;
  const write = (name: string, text: string): void => {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    written += text.split('\n').length - 1;
  };
  write(
    'package.json',
    JSON.stringify({
      name: 'generated',
      type: 'module',
      dependencies: { express: '5.0.0', '@prisma/client': '7.0.0' },
    }),
  );
  write(
    'src/db.ts',
    `import { PrismaClient } from '@prisma/client';\n\nexport const prisma = new PrismaClient();\n`,
  );
  write(
    'src/http.ts',
    `export const wrap = (fn: any) => (req: any, res: any, next: any) => Promise.resolve(fn(req, res)).catch(next);\nexport const log = (...args: unknown[]) => console.log(...args);\n`,
  );
  const domains: string[] = [];
  let schema = 'datasource db {\n  provider = "postgresql"\n}\n';
  for (let number = 0; written < lines - 30; number += 1) {
    const name = `thing${number}`;
    const model = `Thing${number}`;
    domains.push(name);
    schema += `model ${model} {\n  id Int @id\n  ${number > 0 ? `parent Thing${number - 1} @relation(fields: [parentId], references: [id])\n  parentId Int\n` : ''}  children Thing${number + 1}[]\n}\n`;
    domain(write, number, name, model);
  }
  schema += `model Thing${domains.length} {\n  id Int @id\n  parent Thing${domains.length - 1} @relation(fields: [parentId], references: [id])\n  parentId Int\n}\n`;
  write('prisma/schema.prisma', schema);
  const imports = domains.map((name) => `import { ${name}Router } from './${name}/routes.js';`);
  const uses = domains.map((name) => `app.use('/api/${name}s', ${name}Router);`);
  write(
    'src/app.ts',
    `import express from 'express';\n${imports.join('\n')}\n\nconst app = express();\n${uses.join('\n')}\napp.listen(3000);\n`,
  );
  return { lines: written, routes: domains.length * 5 };
}

function domain(
  write: (name: string, text: string) => void,
  number: number,
  name: string,
  model: string,
): void {
  const others = [Math.floor(number / 2), Math.max(0, number - 1)].filter(
    (other, at, all) => other !== number && all.indexOf(other) === at,
  );
  write(
    `src/${name}/routes.ts`,
    `import { Router } from 'express';
import { wrap } from '../http.js';
import { ${model}Controller } from './controller.js';
import { ${model}Service } from './service.js';
import { ${model}Repository } from './repository.js';

const controller = new ${model}Controller(new ${model}Service(new ${model}Repository()));
export const ${name}Router = Router();
${name}Router.get('/', wrap(controller.list));
${name}Router.get('/:id', wrap(controller.get));
${name}Router.post('/', wrap(controller.create));
${name}Router.put('/:id', wrap(controller.update));
${name}Router.delete('/:id', wrap(controller.remove));
`,
  );
  const actions = ['list', 'get', 'create', 'update', 'remove'];
  write(
    `src/${name}/controller.ts`,
    `import type { ${model}Service } from './service.js';

export class ${model}Controller {
  constructor(private readonly service: ${model}Service) {}
${actions.map((action) => `  ${action} = async (req: any, res: any) => {\n    const input = { ...req.params, ...req.query, ...req.body };\n    const result = await this.service.${action}(input);\n    res.json(result);\n  };`).join('\n')}
}
`,
  );
  write(
    `src/${name}/repository.ts`,
    `import { prisma } from '../db.js';

export class ${model}Repository {
  list(where: any) {
    return prisma.${name}.findMany({ where, include: { children: true } });
  }
  get(id: number) {
    return prisma.${name}.findUnique({ where: { id } });
  }
  create(data: any) {
    return prisma.${name}.create({ data });
  }
  update(id: number, data: any) {
    return prisma.$transaction(async (tx) => {
      await tx.${name}.update({ where: { id }, data });
      return tx.${name}.findUnique({ where: { id } });
    });
  }
  remove(id: number) {
    return prisma.${name}.delete({ where: { id } });
  }
}
`,
  );
  write(
    `src/${name}/service.ts`,
    `import { log } from '../http.js';
import type { ${model}Repository } from './repository.js';
import { check${model} } from './rules.js';
${others.map((other) => `import { Thing${other}Repository } from '../thing${other}/repository.js';`).join('\n')}

export class ${model}Service {
${others.map((other) => `  private readonly other${other} = new Thing${other}Repository();`).join('\n')}
  constructor(private readonly repository: ${model}Repository) {}
  async list(input: any) {
    log('list ${name}', input);
    return this.repository.list({ id: { gt: Number(input.after ?? 0) } });
  }
  async get(input: any) {
    const found = await this.repository.get(Number(input.id));
    if (!found) throw new Error('no ${name}');
    return found;
  }
  async create(input: any) {
    check${model}(input);
${others.map((other) => `    await this.other${other}.get(Number(input.parentId));`).join('\n')}
    return this.repository.create(input);
  }
  async update(input: any) {
    check${model}(input);
    return this.repository.update(Number(input.id), input);
  }
  async remove(input: any) {
    return this.repository.remove(Number(input.id));
  }
}
`,
  );
  const rules = Array.from(
    { length: 12 },
    (_unused, at) => `  if (input.field${at} !== undefined && typeof input.field${at} === 'string') {
    const trimmed = input.field${at}.trim();
    if (trimmed.length > ${at * 10 + 10}) problems.push({ field: 'field${at}', limit: ${at * 10 + 10}, length: trimmed.length });
    input.field${at} = trimmed.toLowerCase();
  }`,
  );
  write(
    `src/${name}/rules.ts`,
    `export function check${model}(input: any): void {\n  const problems: { field: string; limit: number; length: number }[] = [];\n${rules.join('\n')}\n  if (problems.length > 0) throw new Error(problems.map((item) => \`\${item.field}: \${item.length} of \${item.limit}\`).join(', '));\n}\n`,
  );
}
