#!/usr/bin/env bash
# Spark 3.5 (paimon-spark 0.9.0, an old reader) and Flink 2.0 (paimon-flink 2.0.0), both embedded: installs them under
# target/compat/engines (PyPI and Maven Central, once: about 0.8 GB) and runs the tests here. Run by test/compat/run.sh;
# 77 means skipped.
set -eu
cd "$(dirname "$0")/../../.."

here=test/compat/engines
home=target/compat/engines

skip() {
  echo "compat engines: skipped, there is no $1 on this machine"
  exit 77
}
command -v javac >/dev/null 2>&1 || skip 'JDK'
command -v mvn >/dev/null 2>&1 || skip 'Maven (mvn)'
python3 -c 'import venv, ensurepip' 2>/dev/null || skip 'python3 with venv'

copy='org.apache.maven.plugins:maven-dependency-plugin:3.6.1'

if [ ! -e $home/spark/installed ]; then
  rm -rf $home/spark
  python3 -m venv $home/spark/venv
  $home/spark/venv/bin/pip install --quiet --disable-pip-version-check 'pyspark==3.5.*' 'pyarrow<20'
  mvn -q -B $copy:copy -Dartifact=org.apache.paimon:paimon-spark-3.5:0.9.0 -DoutputDirectory="$PWD/$home/spark/jars"
  touch $home/spark/installed
fi

if [ ! -e $home/flink/installed ]; then
  rm -rf $home/flink
  mvn -q -B -f $here/flink/pom.xml $copy:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$home/flink/lib"
  touch $home/flink/installed
fi
mkdir -p $home/flink/classes
javac -nowarn -Xlint:none --release 17 -d $home/flink/classes -cp "$home/flink/lib/*" $here/flink/src/FlinkPeer.java

WEIR_COMPAT=required npx vitest run --config $here/vitest.config.ts
