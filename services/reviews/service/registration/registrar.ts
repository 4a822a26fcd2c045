import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistrationConfig } from '../config.ts';
import { pauseAfter } from './backoff.ts';
import * as cloudMap from './cloud-map.ts';

/** How long the farewell may take, in ms: Cloud Map may be away just then. */
const farewellLimit = 5000;

export interface RegistrarOptions {
  config: RegistrationConfig;
  instanceId: string;
  attributes: Record<string, string>;
  isHealthy(): Promise<boolean>;
  log(line: string): void;
}

/**
 * Keeps this instance known to Cloud Map: registers it, reports its health, registers it again when it was forgotten,
 * and keeps trying, ever more slowly, while Cloud Map is away. The instance serves meanwhile.
 */
export class Registrar {
  private readonly options: RegistrarOptions;
  private readonly client: ReturnType<typeof cloudMap.createClient>;
  private readonly stopping = new AbortController();
  /** The instance that Cloud Map was asked to register, also when its answer was lost: it has to be removed again. */
  private asked: cloudMap.Instance | undefined;
  private known = false;
  private loop: Promise<void> | undefined;

  constructor(options: RegistrarOptions) {
    this.options = options;
    this.client = cloudMap.createClient(options.config);
  }

  get registered(): boolean {
    return this.known;
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** Ends the reports and removes the instance from Cloud Map; gives up after five seconds. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    if (this.asked) await this.sayFarewell(this.asked);
    this.known = false;
    this.asked = undefined;
    this.client.destroy();
  }

  private async sayFarewell(instance: cloudMap.Instance): Promise<void> {
    const limit = AbortSignal.timeout(farewellLimit);
    for (let failures = 0; ; ) {
      try {
        await cloudMap.deregister(this.client, instance, limit);
        return this.options.log(`deregistered ${instance.instanceId}`);
      } catch (error) {
        failures += 1;
        // A registration that is still under way has to be over before it can be removed.
        await sleep(pauseAfter(failures, Math.random()), undefined, { signal: limit }).catch(() => undefined);
        if (limit.aborted) return this.options.log(`could not deregister: ${describe(error)}`);
      }
    }
  }

  private async run(): Promise<void> {
    const { config, log } = this.options;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      try {
        await this.report();
        if (failures > 0) log('Cloud Map is back');
        failures = 0;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (cloudMap.isForgotten(error)) this.known = false;
        failures += 1;
        if (failures === 1 || failures % 10 === 0) log(`Cloud Map: ${describe(error)}, trying again`);
      }
      const pause = failures > 0 ? pauseAfter(failures, Math.random()) : config.heartbeat;
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** One heartbeat: the state of this instance, as Cloud Map should see it now. */
  private async report(): Promise<void> {
    const { config, instanceId, attributes, log } = this.options;
    const { signal } = this.stopping;
    const healthy = await this.options.isHealthy();
    if (!this.known || !this.asked) {
      const namespaceId = await cloudMap.ensureNamespace(this.client, config.namespace, signal);
      const serviceId = await cloudMap.ensureService(this.client, namespaceId, config.service);
      this.asked = { serviceId, instanceId };
      // Otherwise an instance starts healthy and is sent requests that it can't answer yet.
      const status = healthy ? 'HEALTHY' : 'UNHEALTHY';
      const all = { ...attributes, AWS_INIT_HEALTH_STATUS: status };
      await cloudMap.register(this.client, this.asked, all, signal);
      this.known = true;
      log(`registered ${instanceId} in ${config.namespace}/${config.service}`);
    }
    await cloudMap.reportHealth(this.client, this.asked, healthy);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
