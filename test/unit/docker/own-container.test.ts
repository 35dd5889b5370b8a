import { expect, test } from 'vitest'
import { containerIn, mountedBy, sharedBy } from '../../../src/docker/own-container.ts'

const id = '0123456789abcdef'.repeat(4)

test.each([
  [`640 600 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw`, id],
  [`640 600 8:1 /docker/containers/${id}/resolv.conf /etc/resolv.conf rw - btrfs /dev/sdb rw`, id],
  // A container's directory that this process merely sees.
  [`30 22 8:1 /var/lib/docker/containers/${id}/mounts/shm /var/lib/docker/containers/${id}/mounts/shm rw - tmpfs shm rw`, null],
  ['22 1 8:1 / / rw - ext4 /dev/sda1 rw', null],
])('the container around a process is known by the mounts of its own: %s', (mountinfo, found) => {
  expect(containerIn(`22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${mountinfo}\n`)).toBe(found)
})

test.each([
  ['/srv/stack', { kind: 'mounted', hostPath: '/srv/stack', writable: true }],
  ['/srv/stack/config', { kind: 'mounted', hostPath: '/srv/stack/config', writable: true }],
  ['/srv/stack/state/x', { kind: 'mounted', hostPath: '/data/state/x', writable: false }],
  ['/srv/stacks', { kind: 'not_mounted' }],
])('%s is told by the innermost mount above it', (path, found) => {
  const mounts = [
    { Source: '/srv/stack', Destination: '/srv/stack', RW: true },
    { Source: '/data/state', Destination: '/srv/stack/state', RW: false },
  ]
  expect(mountedBy(mounts, path)).toEqual(found)
})

test.each(['/host_mnt', '/run/desktop/mnt/host'])('what an engine in a machine of its own sees below %s is the host\'s', (prefix) => {
  const mounts = [{ Source: `${prefix}/home/ann/stack`, Destination: '/home/ann/stack', RW: true }]
  expect(mountedBy(mounts, '/home/ann/stack')).toEqual({ kind: 'mounted', hostPath: '/home/ann/stack', writable: true })
  expect(sharedBy(mounts)).toEqual(['/home/ann/stack'])
})

test('shared with the host is what is mounted under the path that it has there', () => {
  expect(sharedBy([
    { Source: '/srv/stack', Destination: '/srv/stack', RW: true },
    { Source: '/srv/stack/state', Destination: '/app/data', RW: true },
  ])).toEqual(['/srv/stack'])
})
