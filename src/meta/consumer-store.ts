/**
 * Consumers: named readers that remember, in `consumer/consumer-<id>`, the first snapshot they have not consumed. Expiry
 * keeps that snapshot and all after it.
 */
import { WeirError } from '../base/error.js';
import type { FileIO, WriteOptions } from '../io/file-io.js';
import { readIfPresent } from './absent-file.js';
import { DocumentReader, formatDocument, parseDocument } from './document.js';
import type { TablePath } from './table-path.js';

const PREFIX = 'consumer-';

/** How far a consumer has got. */
export interface Progress {
  /** first snapshot not consumed */
  readonly nextSnapshot: bigint;
  /** where a consumer of weir's is, in the log too; other engines drop it when they move the consumer */
  readonly position: string | undefined;
}

/**
 * A named reader.
 *
 * @example
 * const waiting: Consumer | undefined = (await flights.consumers()).find(({ id }) => id === 'hourly');
 */
export interface Consumer extends Progress {
  readonly id: string;
  /** when it last moved */
  readonly modified_ms: number;
}

export class ConsumerStore {
  readonly #io: FileIO;
  readonly #path: TablePath;

  constructor(io: FileIO, path: TablePath) {
    this.#io = io;
    this.#path = path;
  }

  /** undefined for an unknown consumer */
  async read(id: string): Promise<Progress | undefined> {
    const file = this.#file(id);
    const bytes = await readIfPresent(this.#io, file);
    // a power loss can leave the name of a file whose content it took
    if (bytes === undefined || bytes.length === 0) return undefined;
    const document = new DocumentReader(parseDocument(bytes, file), file);
    const nextSnapshot = document.long('nextSnapshot');
    if (nextSnapshot < 1n) throw new WeirError('CORRUPTION', `${file}: the next snapshot cannot be ${nextSnapshot}`, { file });
    return { nextSnapshot, position: document.has('weirPosition') ? document.string('weirPosition') : undefined };
  }

  async write(id: string, nextSnapshot: bigint, { position, ...options }: WriteOptions & { position?: string } = {}): Promise<void> {
    await this.#io.replace(this.#file(id), formatDocument({ nextSnapshot, weirPosition: position }), options);
  }

  async remove(id: string): Promise<void> {
    await this.#io.remove(this.#file(id));
  }

  /** All consumers, by id. */
  async list(): Promise<Consumer[]> {
    const consumers: Consumer[] = [];
    for (const { path, modified_ms } of await this.#io.list(this.#path.consumerDirectory)) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (!name.startsWith(PREFIX)) continue;
      const id = name.slice(PREFIX.length);
      const progress = await this.read(id);
      if (progress !== undefined) consumers.push({ id, ...progress, modified_ms });
    }
    return consumers.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * The least snapshot any consumer still needs.
   *
   * @param differences one of weir's needs the snapshot before its next one, too: an OVERWRITE is told as the difference to it
   */
  async minNextSnapshot({ differences = false }: { differences?: boolean } = {}): Promise<bigint | undefined> {
    let least: bigint | undefined;
    for (const { nextSnapshot, position } of await this.list()) {
      const needed = differences && position !== undefined ? nextSnapshot - 1n : nextSnapshot;
      if (least === undefined || needed < least) least = needed;
    }
    return least;
  }

  #file(id: string): string {
    if (id === '' || id.includes('/')) throw new WeirError('INVALID_ARGUMENT', `${JSON.stringify(id)} cannot be a consumer's id`);
    return this.#path.consumer(id);
  }
}
