/** Labels of the Open Containers Initiative that say what an image was built from. */
export const revisionLabel = 'org.opencontainers.image.revision'
export const versionLabel = 'org.opencontainers.image.version'

/** Compose project for which an updater built an image; with another project's it is never ours to remove. */
export const projectLabel = 'zetherion.updater.project'
/** Name, without tag, under which we built it: what has another one is somebody's copy. */
export const imageLabel = 'zetherion.updater.image'
/** Commit, Dockerfile, target and arguments, hashed: the key of "already built". */
export const keyLabel = 'zetherion.updater.key'
/** Release tag under which it was built first. */
export const tagLabel = 'zetherion.updater.tag'

/** Compose's own marks on a container. */
export const composeProjectLabel = 'com.docker.compose.project'
export const composeServiceLabel = 'com.docker.compose.service'
export const composeOneOffLabel = 'com.docker.compose.oneoff'
/** `service:condition:restart`, separated by commas; version 2 only. */
export const composeDependsOnLabel = 'com.docker.compose.depends_on'
