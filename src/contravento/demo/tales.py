"""What the demo's riders wrote, in Markdown."""

BILBAO_FISTERRA = """\
Thirteen days west along the Cantabrian mountains, with the weather coming the other way. In Potes
they put a second loaf on the counter without being asked.

## Day 1, Bilbao – Ramales

Everybody rides this coast eastwards. The guidebooks run that way, the arrows run that way, and so,
from about eleven each morning, does the air. We had a fortnight's holiday, three days' stubbornness
and a train that only sold bicycle places to Bilbao, so we rode it the wrong way round.

The first lesson came at Balmaseda. A man painting a bench asked where to, nodded at Fisterra as if
it were the next village, then wetted a finger and held it up. “Hasta las once, bien,” he said. Good
until eleven. He was out by four minutes.

## Day 2, Ramales – Selaya

Alisas in fog, Caracol in sun. Between them lies Liérganes, which sells a chocolate so thick that
the spoon has no opinion about which way to fall. We had two each, and walked the first hundred
metres out of town to be on the safe side.

## Day 4, Cabuérniga – Potes

The road to Piedrasluengas follows the Nansa for most of a morning and climbs so evenly that we
forgot about it. At the top there is a balcony with the whole of the Picos in it. We saw a cloud the
exact size of the Picos.

## Day 5, Potes – Riaño

San Glorio does not look like much from Potes because you cannot see it. You see a wall of oak, and
a road that goes into it and keeps its intentions to itself for twenty-seven kilometres.

> In the bakery they looked at the bags, looked up at the mountain, and put a second loaf on the
> counter without being asked.

### What we carried over it

- two loaves, one of them out of kindness;
- 4.5 litres of water, of which we needed three;
- a melon. There is no defence for the melon.

Above the last trees the wind had the place to itself. We rode the final two kilometres at walking
pace, took turns in front every hundred pedal strokes, and did not speak, which we have agreed to
remember as companionable.

## Day 7, Laviana – Teverga

Rain from the first coal tip to the last bend of the Cobertoria. The bar at the top was shut for
staff holidays, and the staff, who was sitting outside it under an umbrella, was sorry about that.
He lent us the umbrella as far as the trees.

## Day 8, Teverga – Somiedo

A short day on purpose: one pass, San Lorenzo, and then nothing but going down to think about it.
The road mender at the top has marked his own gradients on the asphalt in yellow. Where the map says
nine he has written *eleven, don't argue*.

## Day 10, Cangas del Narcea – Grandas de Salime

The pass is called the Well of the Dead Women and nobody could tell us which women. It has
chestnuts, then heather, then eleven wind turbines, all of them looking the way we were going and
working hard.

## Day 12, Lugo – Santiago

The first flat horizon in a week, and the first day with other people in it. They were walking to
Santiago and we were riding there, and at every fountain each side was a little sorry for the other.

## Day 13, Santiago – Fisterra

At the lighthouse a coach party clapped, for somebody else. We turned the bicycles round to take the
photograph, and for the first time in nine hundred kilometres the flags on the back stood out
straight in front of us.

---

*Trains: Bilbao takes bicycles on the regional line; book both places at the counter. Water: every
village, except between Grandas and A Fonsagrada.*
"""

DUERO = """\
Pasada Zamora no había más sombra que la nuestra, y menguaba. Diez días río abajo, de Soria al mar,
hasta que el Duero cambia de nombre.

## Día 1, Soria – Gormaz

En Soria preguntamos por el nacimiento del río y nos mandaron a los Picos de Urbión, que están a dos
jornadas y hacia arriba. Decidimos que un río empieza donde uno se sube a la bicicleta. El camarero
del puente lo dio por bueno y nos cobró solo un café.

De Almazán a Gormaz el asfalto va solo. La fortaleza se ve una hora antes de llegar, y durante esa
hora no se acerca.

## Día 2, Gormaz – Peñafiel

Más de cien kilómetros de viñas, todas con letrero. En Langa vendimiaban, y un señor nos dio un
racimo por la valla con la condición de que no dijéramos que aquello era mejor que lo de Aranda. En
Aranda no lo dijimos.

- pan en San Esteban, a las ocho, de horno de leña;
- agua en todos los pueblos, y en Roa además sombra;
- viento de cara desde las doce, que para eso se llama así esta página.

## Día 4, Tordesillas – Zamora

Toro está arriba y el río abajo. Se sube porque hay que comer, se baja porque hay que seguir, y
en medio queda el mejor banco de toda la ruta, mirando a la vega, con un cartel que prohíbe sentarse
mientras se seca la pintura. Llevaba seca desde mayo.

## Día 5, Zamora – Miranda do Douro

El camino guarda la orilla norte hasta el puente romano; después a alguien se le acabó el dinero y
pasa a ser pista de labor durante once kilómetros. No hay agua antes de Almaraz. La llevábamos, por
una vez, y nos la bebimos con cierta ceremonia.

En la presa se cambia de país, de hora y de nombre. El guarda portugués nos vio dudar y dijo que la
cena, en cualquier caso, era a las siete de las dos partes.

## Día 7, Mogadouro – Foz Côa

La bajada a Barca d’Alva son diecisiete kilómetros de almendros. La subida del otro lado también
tiene almendros, y hubo tiempo de mirarlos uno por uno.

## Día 9, Pinhão – Cinfães

Los bancales parecen curvas de nivel que alguien se hubiera tomado en serio. A media tarde
adelantamos a un tractor cargado de cestos; en la cuesta siguiente nos adelantó él, y el conductor,
muy serio, nos ofreció la cuerda.

## Día 10, Cinfães – Foz do Douro

El río llega a Oporto ancho y sin prisa, como quien ya ha contado lo suyo. Lo seguimos hasta el
faro. Allí el viento, que había soplado de cara desde Soria, cambió, y nos acompañó al tren.

*Trenes: de Oporto a la frontera admiten bicicletas; después, paciencia. En septiembre, a partir de
las dos, no pedalea nadie, y con razón.*
"""

PYRENEES = """\
Eighteen days from one sea to the other over every pass but two. The road mender at Boí lent us his
hut, his stove and, reluctantly, his radio.

## Day 1, Hondarribia – Elizondo

You are supposed to dip the back wheel in one sea and the front wheel in the other. The tide was
out. We dipped it in a rock pool, where a crab took an interest in the valve, and set off before it
could reach a decision.

## Day 2, Elizondo – Burguete

Izpegui before breakfast, Ibañeta after lunch, and a frontier on each that nobody minds any more.
Walkers bound for Roncesvalles asked if it was far. We said no, which was true downhill.

## Day 6, Jaca – Broto

Cotefablo has a tunnel at the top with a bend in the middle, so that you enter it on trust. Three
cows had done the same. We went out behind them in order of arrival.

## Day 9, Castejón de Sos – Boí

The first of the two passes we did not ride: the road to the next valley was shut by a slide the
night before. The road mender, who had shut it, felt responsible. He lent us his hut and his stove.
The radio he carried back three times to show which knob was not to be touched.

It rained on the roof all night in three languages. In the morning there was a jar of coffee on the
step, and the road was still shut.

## Day 12, Sort – La Seu d’Urgell

Cantó is nineteen kilometres of patience. There is a fountain at kilometre eleven with a tin cup on
a chain, and everybody who ever rode up here has drunk from it, by the look of the cup.

## Day 14, Canillo – Puigcerdà

Envalira is the highest we went, 2,408 m, and smells of petrol and butter. We bought neither. On the
other side the wind took the hats off a family from Toulouse, all four, and we spent a happy half
hour on the slope returning them.

## Day 16, Ripoll – Prats-de-Mollo

The second pass we did not ride was our own fault: we stopped for lunch at its foot, and lunch was
long. We took the Col d'Ares instead, which is easier, and have told everybody that it was planned.

## Day 18, La Jonquera – Cap de Creus

The tramontana held the door of the lighthouse café shut until somebody inside pulled. Then the
front wheel, in the other sea, which was where we had been told it would be.
"""

ARCTIC = """\
At one in the morning a man was mowing his lawn, so we rode on. Ten days north by islands, bridges
and four boats, with no night to speak of.

## Day 1, Bodø – Reine

One tours Bodø while waiting for the ferry, and the ferry was punctual. Three hours later the wall
of Lofoten came out of the haze like something left switched on. We rode to Å, where the road ends
and the alphabet does too, turned round, and had the rest of Norway in front of us.

## Day 2, Reine – Leknes

Bridges, each with a hump in the middle for boats and a wind of its own. Fish heads on racks as far
as Ramberg. They rattle. A boy on a small bicycle told us that each pair of heads is one fish, and
waited until we had worked out that this could not be so.

## Day 3, Leknes – Svolvær

Rain in Borg, sun in Lyngvær, both in Kabelvåg. We bought bread at a petrol station and ate it in a
bus shelter that somebody has furnished: two armchairs, curtains, a geranium. The visitors' book
goes back to 2009. The geranium is always mentioned.

## Day 6, Sortland – Andenes

The west side of Andøya is a road, a bog and an ocean, in that order. About ten in the evening the
sun sat down on the horizon at Nordmela and did not seem to know what came next. We put on all our
clothes and stayed with it.

At one in the morning a man in Bleik was mowing his lawn. He stopped the motor to let us pass, out
of consideration for the hour.

## Day 7, Andenes – Skaland

The boat to Senja left with fourteen bicycles and one car, whose driver was the only person
seasick. On the other side the road goes up through a hole in the mountain with a lamp every fifty
metres, and every second lamp works, so that one travels by instalments.

## Day 8, Skaland – Botnhamn

Two climbs with two fjords between them. The waffles at the second are sold from a cold-box with a
lid and a tin for coins. We had no coins. We have since sent a postcard with a note in it, and had a
postcard back with the change.

## Day 10, Sommarøy – Tromsø

A tailwind, for eleven kilometres, along Kattfjord. We record it here for completeness.

*Boats: bicycles travel free or nearly so, and are tied up with the same rope as everything else.
Tunnels: put a light on before, not in.*
"""

LIGHTHOUSES = """\
We disagreed about gears from Baiona to Muxía and about nothing after. Eight lighthouses, eight
days, and a tandem that belongs to my cousin.

## Day 1, Cabo Silleiro – Pontevedra

My cousin said that on a tandem both must want the same thing. He said it while holding the door of
the van open, with the engine running.

## Day 3, Vilagarcía – Corrubedo

Second lighthouse. The dune here is behind a rope and moves inland by itself, a few metres a year,
which for most of the afternoon was also our speed.

## Day 5, Carnota – Muxía

Lariño was the third, Fisterra the fourth, and the fifth stands below the chapel at Muxía, where the
whole of the Atlantic comes ashore to look at it. The person in front wanted to shift down. The
person behind had already stopped pedalling, to make a point about it.

## Day 6, Muxía – Malpica

Cabo Vilán, in a wind that leaned on the tandem until it stood up by itself. We found that, if the
back one counts and the front one shifts, it goes. This had been in the instructions.

## Day 8, A Coruña – Cabo Prior

The Tower of Hercules is the seventh and has been lit, on and off, for nineteen hundred years. The
eighth has a fence, a gorse bush and a sandwich. We ate the sandwich, and returned the tandem clean.
"""

POLDERS = """\
Three days below the sea, on roads that look up at ships. The lowest point was a bus stop. Nothing
was climbed, and the wind saw to it that this made no difference.

## Day 1, Rotterdam – Leiden

Nieuwerkerk lies more than six metres under the sea, and there is a pillar with a line on it to show
where the sea would be. A woman was hanging washing from it. She said that it dries well there.

## Day 2, Leiden – Alkmaar

The bottom of the Haarlemmermeer is perfectly level and was, that day, moving south at forty
kilometres an hour. We took turns behind each other, then behind a tractor, then behind a hedge with
the sandwiches.

## Day 3, Alkmaar – Amsterdam

On the dike at Edam the water stands on the left, above the cows on the right. The road is on top
and belongs to neither. Sheep have the right of way, and use it lying down.
"""

OLIVE_RAILWAY = """\
Tres días por la vía del tren del aceite, que ya no lleva tren. El aceite sigue. Cuestas, ninguna
que una locomotora de 1893 no pudiera discutir.

## Día 1, Jaén – Alcaudete

A la salida de Jaén un hombre varea un olivo junto a la vía. Le preguntamos cuántos hay hasta Puente
Genil. Miró a un lado, miró al otro y dijo que él con este tenía bastante por hoy.

El viaducto del río Víboras tiene doscientos metros de hierro y un suelo de tablas que suena como un
xilófono cansado. Lo cruzamos dos veces, la segunda por la música.

## Día 2, Alcaudete – Cabra

En Luque la estación es un bar, y el andén, la terraza. Anuncian la tostada por megafonía. Zuheros
cuelga de la peña de enfrente y desde la vía parece que lo hayan dejado ahí un momento, mientras
buscaban sitio.

## Día 3, Cabra – Puente Genil

Treinta y cuatro kilómetros cuesta abajo y el viento en contra: exactamente llano. En Lucena
compramos membrillo para el tren de vuelta. No llegó al tren.

*Las luces de los túneles se encienden solas, aunque se lo piensan. Agua en todas las estaciones.*
"""

DANUBE = """\
Six days down the Danube from Passau to Vienna. The river is on the left or on the right, depending
on the ferryman, and he is at lunch from twelve until he has finished.

## Day 1, Passau – Schlögen

Three rivers meet in Passau, in three colours, and for a kilometre they decline to mix. The cycle
path is much the same: families, electric couples, and four of us with pots.

## Day 2, Schlögen – Linz

At the great bend the river turns round to see where it has been. So did we. The ferry is rung for
with a bell, and the ferryman comes out wiping his mouth and asks who is in such a hurry.

## Day 4, Grein – Melk

There were whirlpools at Grein until the dams came, and pilots to get ships through them. Now there
is a museum of pilots. The abbey at Melk is yellow in the way that trumpets are loud.

## Day 5, Melk – Krems

Apricots on every sill of the Wachau, with a tin for the money. We had ridden thirty-two kilometres
by evening and eaten, by honest count, fifty-one.

## Day 6, Krems – Vienna

Headwind to Tulln, then none. In Vienna a policeman showed us the lane for bicycles, the lane for
turning bicycles, and the café.
"""
