/** The part of WebAssembly's JavaScript API that weir uses: neither ES2023 nor Node's own types declare it. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  var Module: new (bytes: Uint8Array) => Module;
  var Instance: new (module: Module) => Instance;
}
