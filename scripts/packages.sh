# shellcheck shell=bash
# Sourced by run and check: installs what packages.txt lists and this machine lacks. Needs common.sh.

listed_packages() { sed 's/#.*//' packages.txt | tr -s ' \t' '\n' | sed '/^$/d'; }

# Each listed package without a line "NAME installed"; of one that exists for two architectures, either will do.
missing_packages() {
  local packages
  mapfile -t packages < <(listed_packages)
  dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/ installed$//p' | sort -u | comm -13 - <(listed_packages | sort -u)
}

apt() {
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >&2
}

install_packages() {
  local missing package
  if ! command -v dpkg-query >/dev/null; then
    say "Not a Debian system: the packages of packages.txt are yours to install."
    return 0
  fi
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then die "no apt-get here; install them by hand"; fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "neither root nor sudo; install them by hand: apt-get install ${missing[*]}"
  fi
  apt install -y --no-install-recommends "${missing[@]}" 2>/dev/null && return 0
  say "Fetching the lists of packages (apt-get update)"
  apt update || say "apt-get update failed; going on with the lists that are there"
  apt install -y --no-install-recommends "${missing[@]}" && return 0
  # One that this release does not have must not keep the others out.
  for package in "${missing[@]}"; do
    apt install -y --no-install-recommends "$package" || say "Going on without $package: what needs it is skipped"
  done
}
