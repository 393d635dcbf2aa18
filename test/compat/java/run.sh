#!/usr/bin/env bash
# Paimon's Java library, both lines: builds the peer program against each, and runs test/compat/*.test.ts.
set -eu
cd "$(dirname "$0")/../../.."

here=test/compat/java
out=target/compat/java

# the major version of the JDK on the path; 0 without one
jdk() {
  command -v javac >/dev/null 2>&1 || { echo 0; return; }
  javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p'
}

# install LINE ARTIFACT: $out/LINE/lib holds the jars, $out/LINE/classes the peer program
install() {
  local to=$out/$1
  if [ ! -e "$to/installed" ]; then
    rm -rf "$to/lib"
    mvn -q -B -f $here/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime \
      -DoutputDirectory="$PWD/$to/lib" -Dpaimon.artifact="$2" -Dpaimon.version="$1"
    touch "$to/installed"
  fi
  rm -rf "$to/classes"
  javac -nowarn -Xlint:none --release 17 -d "$to/classes" -cp "$to/lib/*" $here/src/weir/compat/*.java
}

if [ "$(jdk)" -lt 17 ]; then
  echo 'compat java: skipped, there is no JDK of version 17 or later on this machine'
  exit 77
fi
if ! command -v mvn >/dev/null 2>&1; then
  echo 'compat java: skipped, there is no Maven (mvn) on this machine'
  exit 77
fi

install 1.4.2 paimon-bundle
install 2.0.0 paimon-flink-2.0
npx vitest run --config test/compat/vitest.config.ts
