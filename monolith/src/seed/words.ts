export const firstNames =
  'Ada Ben Clara David Emma Felix Greta Hugo Ida Jonas Katharina Leo Mia Noah Olga Paul Rosa Samuel Thea Viktor Wilma Yusuf Zoe Anton'.split(
    ' ',
  );
export const lastNames =
  "Albers Brandt Carstens Dierks Ehlers Friedrich Gerdes Hansen Iversen Jansen Krüger Lorenz Möller Nielsen Ohlsen Petersen Quast Richter Schröder Thomsen Ulrich Voss Weber O'Neill".split(
    ' ',
  );
export const streets =
  'Harbour Street,Mill Lane,Station Road,Church Square,Lighthouse Way,Fish Market,Oak Avenue'.split(',');
export const cities = 'Hamburg Bremen Kiel Flensburg Husum Rostock Lübeck Emden'.split(' ');
export const colours = 'Blue Red Green Grey White Black Amber Navy Sand Copper'.split(' ');
export const materials = 'Enamel Oak Linen Steel Cotton Glass Stoneware Wool Bamboo Brass'.split(' ');
export const things =
  'Mug,Teapot,Towel,Lamp,Bowl,Knife,Cutting Board,Blanket,Watering Can,Lantern,Basket,Apron,Kettle,Doormat,Vase,Candle Holder,Bread Box,Soap Dish,Bench,Bird House'.split(
    ',',
  );
export const departments: Record<string, string[]> = {
  Kitchen: ['Cups and Pots', 'Knives', 'Baking', 'Storage'],
  Bath: ['Towels', 'Soap', 'Shelves', 'Mats'],
  Garden: ['Tools', 'Furniture', 'Watering', 'Birds'],
  Living: ['Lamps', 'Blankets', 'Vases', 'Candles'],
  Office: ['Desks', 'Paper', 'Pens', 'Boxes'],
  Outdoor: ['Camping', 'Lanterns', 'Rain', 'Bags'],
};
export const brands =
  'Nordlicht Ankerwerk Tidewater Møn Halligman Kutter Fjordline Dünenhaus Leuchtfeuer Brise'.split(' ');
export const praise = [
  'Exactly what I was looking for.',
  'Well made and heavy enough to last.',
  'The colour is a little darker than in the picture.',
  'It arrived quickly and was packed with care.',
  'My mother liked it so much that I bought a second one.',
  "After half a year of daily use it's as good as new.",
  'The handle could be larger for my hands.',
  'Cleaning is easy, even in the dishwasher.',
];
export const complaints = [
  'The first one was broken & had to go back.',
  'It smells of paint, even after two weeks.',
  'Much smaller than expected: please measure before you buy!',
  'The lid does not close properly.',
  'For this price I expected something better.',
];
export const goodTitles = [
  'Lovely',
  'Would buy again',
  'Very good quality',
  'A nice gift',
  'Does what it should',
];
export const badTitles = ['Disappointed', 'Not for me', 'Broke after a week', 'Smaller than expected'];
export const searches = [
  'blue mug',
  'oak board',
  'lamp',
  'towel',
  'kettle',
  'linen apron',
  'bird house',
  'hammock',
];
export const subjects = [
  'Where is my parcel?',
  'Wrong colour delivered',
  'Invoice needed',
  'How do I return this?',
];
