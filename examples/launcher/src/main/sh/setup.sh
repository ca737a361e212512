# Sourced by ./vmm and ./check: finds the JDK and Maven, and gets what is missing where that is allowed.
# shellcheck shell=sh

say() {
    echo "vmm: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# True if $1 is the home of a JDK 25.
is_jdk_25() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] && grep -q '^JAVA_VERSION="25[".]' "$1/release"
}

# Sets JAVA_HOME to a JDK 25, or fails.
find_jdk() {
    if [ -n "${JAVA_HOME:-}" ] && is_jdk_25 "$JAVA_HOME"; then
        return 0
    fi
    path_java=$(command -v java) && path_java=$(readlink -f "$path_java") && path_java=${path_java%/bin/java}
    for home in "$path_java" /usr/lib/jvm/* /opt/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
        if [ -n "$home" ] && is_jdk_25 "$home"; then
            JAVA_HOME=$home
            export JAVA_HOME
            return 0
        fi
    done
    return 1
}

# True if packages can be installed here without asking anybody.
may_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

# True if the package manager knows the package.
has_package() {
    apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# Installs the packages given, as root on Debian. $1 is what they are for.
install_packages() {
    purpose=$1
    shift
    may_install || return 1
    for package in "$@"; do
        if ! has_package "$package"; then
            apt-get -q update >/dev/null 2>&1
            break
        fi
    done
    for package in "$@"; do
        has_package "$package" || return 1
    done
    say "installing $* ($purpose)"
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@" >/dev/null 2>&1
}

need_jdk() {
    find_jdk && return 0
    install_packages "a JDK 25" openjdk-25-jdk-headless && find_jdk && return 0
    die "There is no JDK 25 in JAVA_HOME, on the PATH or in /usr/lib/jvm, and this machine's package manager was of" \
        "no help; install one (for example Eclipse Temurin 25) and run this again."
}

need_maven() {
    command -v mvn >/dev/null && return 0
    install_packages "Maven, which builds the VMM" maven && return 0
    die "Maven is missing; install the package maven (apt-get install maven) and run this again."
}
