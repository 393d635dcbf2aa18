/**
 * Where a log is.
 *
 *   <table>/log/<log id>/0000/00000000000000000042.arrow    slot 42; a directory holds SLOTS_PER_DIRECTORY slots
 *   <table>/log/<log id>/bodies/<name>.arrow                rows of commits too large to stand in their slot
 *   <table>/log/<log id>/queue/<number>-<uuid>              empty: the writers that wait for their turn (writer-queue.ts)
 */
const SLOTS_PER_DIRECTORY = 10_000n;
const SUFFIX = '.arrow';

export class LogPath {
  readonly directory: string;

  /** @param table the table's directory @param id the option `log.id` */
  constructor(table: string, id: string) {
    this.directory = `${LogPath.directoryOf(table)}/${id}`;
  }

  slotDirectory(slot: bigint): string {
    return `${this.directory}/${String(slot / SLOTS_PER_DIRECTORY).padStart(4, '0')}`;
  }

  slot(slot: bigint): string {
    return `${this.slotDirectory(slot)}/${String(slot).padStart(20, '0')}${SUFFIX}`;
  }

  get bodyDirectory(): string {
    return `${this.directory}/bodies`;
  }

  get queueDirectory(): string {
    return `${this.directory}/queue`;
  }

  place(name: string): string {
    return `${this.queueDirectory}/${name}`;
  }

  body(name: string): string {
    return `${this.bodyDirectory}/${name}${SUFFIX}`;
  }

  /** Where the logs of a table are: one, unless it was given another id. */
  static directoryOf(table: string): string {
    return `${table}/log`;
  }

  /** The first slot after those of a directory of slots. */
  static endOf(slotDirectory: string): bigint {
    return (BigInt(slotDirectory.slice(slotDirectory.lastIndexOf('/') + 1)) + 1n) * SLOTS_PER_DIRECTORY;
  }

  /** The slot a file name says, undefined for other files. */
  static slotOf(path: string): bigint | undefined {
    const name = /(?:^|\/)(\d{20})\.arrow$/.exec(path);
    return name === null ? undefined : BigInt(name[1]!);
  }

  /** true for a directory of slots */
  static isSlotDirectory(path: string): boolean {
    return /\/\d{4,}$/.test(path);
  }
}
