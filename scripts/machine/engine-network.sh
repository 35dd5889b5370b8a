# shellcheck shell=bash
# The network of one private engine: a slot out of 64, each with a bridge and a /16 of its own, so that several
# engines run side by side. A slot is claimed by a directory that names the engine's DIR. Sourced by engine.sh.

SLOTS_DIR=/run/zetherion-engines

bridge_name() { echo "zeth$(<"$DIR/slot")"; }
bridge_address() { echo "10.$((128 + $(<"$DIR/slot"))).0.1"; }
# Networks that Compose makes: a /24 each, beside the bridge's own.
address_pool() { echo "base=10.$((128 + $(<"$DIR/slot"))).128.0/17,size=24"; }
cgroup_parent() { echo "/$(bridge_name)"; }

claim_slot() {
  [[ ! -e $DIR/slot ]] || return 0
  mkdir -p "$SLOTS_DIR"
  for slot in {0..63}; do
    release_if_abandoned "$slot"
    ! address_is_used "$slot" || continue
    # The link is made complete and in one step: who sees it can read whose it is.
    ln -sT "$DIR" "$SLOTS_DIR/$slot" 2>/dev/null || continue
    echo "$slot" >"$DIR/slot"
    return
  done
  die "all 64 address ranges 10.128.0.0/16 … 10.191.0.0/16 are in use (see $SLOTS_DIR and: ip route)"
}

release_if_abandoned() {
  local owner
  owner="$(readlink "$SLOTS_DIR/$1")" || return 0
  [[ -e $owner ]] || rm -f "${SLOTS_DIR:?}/$1"
}

address_is_used() { ip -4 -oneline route show table all | grep -qE "(^|[^0-9.])10\.$((128 + $1))\."; }

make_bridge() {
  local name
  name="$(bridge_name)"
  ip link show "$name" >/dev/null 2>&1 || ip link add "$name" type bridge
  ip addr replace "$(bridge_address)/24" dev "$name"
  ip link set "$name" up
}

# The engine leaves the bridges of its networks behind when it ends.
release_slot() {
  [[ -e $DIR/slot ]] || return 0
  local slot prefix
  slot="$(<"$DIR/slot")"
  prefix="10.$((128 + slot))."
  ip -4 -oneline addr show | awk -v prefix="$prefix" 'index($4, prefix) == 1 { print $2 }' | while read -r link; do
    ip link delete "$link"
  done
  find /sys/fs/cgroup -depth -type d -path "*$(cgroup_parent)*" \
    -regex ".*$(cgroup_parent)\(/.*\)?" -exec rmdir {} + 2>/dev/null || true # a cgroup in use stays: harmless
  rm -f "${SLOTS_DIR:?}/$slot"
}
