/** How Traefik holds its connections to the services. The same in every version of the routes file. */
export interface TransportLimits {
  /** Milliseconds. */
  readonly dialTimeout: number
  /** Milliseconds; below the services' own keep-alive timeout, else a POST may meet a connection that is being closed. */
  readonly idleConnTimeout: number
  readonly maxIdleConnsPerHost: number
}

/** Node's servers close an idle connection after 5 s. */
export const defaultTransportLimits: TransportLimits = { dialTimeout: 2_000, idleConnTimeout: 4_000, maxIdleConnsPerHost: 200 }
